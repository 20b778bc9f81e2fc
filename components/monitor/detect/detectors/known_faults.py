"""Mean picture statistics in the few directions in which faults of cameras move them.

The largest of matched filters (likelihood ratio for a known direction): a test that knows what it
looks for needs half the pictures of one that looks everywhere. The covariance is that of
`shifted_statistics`.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Channel, Observations
from components.monitor.detect.contract import Design, Statistic
from components.monitor.detect.detectors._fault_filters import FaultFilters

CHANNEL: Channel = "statistics"


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn the filters."""
    del rng
    filters = FaultFilters.of(reference, design)
    return lambda window: float(filters.apply(window).mean(axis=0).max(initial=0.0))
