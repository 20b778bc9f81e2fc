"""Cumulative sums of what a camera's faults would do, in order of time: the largest in the window.

Page, "Continuous Inspection Schemes", 1954: S = max(0, S + z - k), one sum for each matched filter
of `known_faults`, in units of how far groups reach to that side. One odd picture counts for at most
`_AT_MOST`; a lasting change adds up, whenever in the window it began.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Channel, Observations
from components.monitor.detect.contract import Design, Statistic
from components.monitor.detect.detectors._fault_filters import FaultFilters
from components.monitor.observe.scaling import Table

CHANNEL: Channel = "statistics"
# Farther than all but few groups reach, and half of what a fault worth an alarm moves pictures by.
_SLACK = 3.5
_AT_MOST = 10.0


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn the filters: for independent pictures in units of how much single ones differ."""
    del rng
    filters = FaultFilters.of(reference, Design(1, 1) if design.independent else design)
    return lambda window: float(sums(filters.apply(window)).max(initial=0.0))


def sums(steps: Table) -> Table:
    """Return the sums after each picture, float64 [N, K], for standardised steps [N, K]."""
    walked = np.cumsum(np.minimum(steps, _AT_MOST) - _SLACK, axis=0)
    # max(0, S + step) at every step is the walk above the lowest place it has been to.
    found: Table = walked - np.minimum(np.minimum.accumulate(walked, axis=0), 0.0)
    return found
