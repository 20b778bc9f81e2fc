"""Mean picture statistics, against how much they differ from group to group and within one.

Hotelling's T² (1931) on normal scores, with the covariance of a mean over m groups of n pictures in
all, B / m + W / n, where B is the covariance between groups and W within them. A window of one
module may be as bright as modules differ; sharper than any it may not.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Channel, Observations
from components.monitor.detect.contract import Design, Statistic
from components.monitor.detect.detectors._spread import mean_shift
from components.monitor.observe.scaling import level

CHANNEL: Channel = "statistics"


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn scores and both covariances."""
    del rng
    shift = mean_shift(level(reference.statistics), reference.groups, design)
    return lambda window: shift(level(window.statistics))
