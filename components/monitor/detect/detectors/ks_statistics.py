"""Kolmogorov-Smirnov on each picture statistic, the worst of them counting (Bonferroni).

And on what the matched filters of `known_faults` give for each picture: a few per cent less light
move no single statistic as clearly.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._fault_filters import FaultFilters
from components.monitor.detect.detectors._kolmogorov import Distances
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Table

CHANNEL: Channel = "statistics"
NEEDS_LABELS = False


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn the filters and keep the reference in order."""
    del design, rng
    filters = FaultFilters.of(reference, Design(1, 1))

    def columns(some: Observations) -> Table:
        return np.concatenate([some.statistics.astype(np.float64), filters.apply(some)], axis=1)

    distances = Distances(columns(reference))
    return lambda window: distances.statistic(columns(window))
