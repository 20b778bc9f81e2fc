"""Kolmogorov-Smirnov on principal components of the embedding, the worst counting (Bonferroni).

Rabanser, Günnemann and Lipton, "Failing Loudly", 2019.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._kolmogorov import Distances
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Components

CHANNEL: Channel = "features"
NEEDS_LABELS = False
_COMPONENTS = 32


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Find the components and keep the reference in order."""
    del design, rng
    components = Components.of(reference.features, count=_COMPONENTS)
    distances = Distances(components.apply(reference.features))
    return lambda window: distances.statistic(components.apply(window.features))
