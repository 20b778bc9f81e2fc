"""Cumulative sum of how odd pictures are, in order of time: the largest one in the window.

Page, "Continuous Inspection Schemes", 1954: S = max(0, S + z - k). One odd picture counts for at
most `_AT_MOST`; a lasting change adds up, whenever in the window it began.
"""

import numpy as np

from components.monitor.detector import Channel, Design, Statistic
from components.monitor.detectors._oddness import Oddness
from components.monitor.observations import Observations
from components.monitor.scaling import Table

CHANNEL: Channel = "statistics"
NEEDS_LABELS = False
_SLACK = 0.75
_AT_MOST = 4.0


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn how odd pictures of the reference are."""
    del design, rng
    oddness = Oddness(reference)
    return lambda window: float(sums(oddness.of(window)).max())


def sums(oddness: Table) -> Table:
    """Return the sum after each picture, float64 [N]."""
    steps = np.minimum(oddness, _AT_MOST) - _SLACK
    walked = np.cumsum(steps)
    # max(0, S + step) at every step is the walk above the lowest place it has been to.
    found: Table = walked - np.minimum(np.minimum.accumulate(walked), 0.0)
    return found
