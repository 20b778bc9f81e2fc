"""Mean embedding, against how much it differs from group to group and within one.

As `shifted_statistics`, on the first principal components: what a product's new look moves, and
faults that no picture statistic sees.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._spread import Spread
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components, NormalScores

CHANNEL: Channel = "features"
NEEDS_LABELS = False
_COMPONENTS = 16


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn components, scores and both covariances."""
    del rng
    components = Components.of(reference.features, count=_COMPONENTS)
    values = components.apply(reference.features)
    scores = NormalScores.of(values)
    spread = Spread.of(scores.apply(values), reference.groups)
    precision = np.linalg.pinv(spread.of_mean(design), hermitian=True)

    def statistic(window: Observations) -> float:
        mean = scores.apply(components.apply(window.features)).mean(axis=0)
        return float(mean @ precision @ mean)

    return statistic
