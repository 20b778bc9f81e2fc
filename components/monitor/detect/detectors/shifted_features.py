"""Mean embedding, against how much it differs from group to group and within one.

As `shifted_statistics`, on the first principal components: what a product's new look moves, and
faults that no picture statistic sees.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Channel, Observations
from components.common.statistics.pca import Components
from components.monitor.detect.contract import Design, Statistic
from components.monitor.detect.detectors._spread import mean_shift

CHANNEL: Channel = "features"
_COMPONENTS = 16


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn components, scores and both covariances."""
    del rng
    components = Components.of(reference.features, count=_COMPONENTS, whiten=True)
    shift = mean_shift(components.apply(reference.features), reference.groups, design)
    return lambda window: shift(components.apply(window.features))
