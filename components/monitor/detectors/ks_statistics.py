"""Kolmogorov-Smirnov on each picture statistic, the worst of them counting (Bonferroni)."""

import numpy as np

from components.monitor.detector import Channel, Design, Statistic
from components.monitor.detectors._kolmogorov import Distances
from components.monitor.observations import Observations

CHANNEL: Channel = "statistics"
NEEDS_LABELS = False


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Keep the reference in order."""
    del design, rng
    distances = Distances(reference.statistics.astype(np.float64))
    return lambda window: distances.statistic(window.statistics.astype(np.float64))
