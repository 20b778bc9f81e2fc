"""The share of each class among the answers, and of pictures that the model asks about.

A control chart of proportions for groups that differ (Laney, "Improved Control Charts for
Attributes", 2002, p'): a share's deviation is that between groups and within them, B / m + W / n.
It sees what ranks of few groups cannot: a share far beyond that of any group known.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import (
    Channel,
    Observations,
    decided_columns,
)
from components.monitor.detect.contract import Design, Statistic
from components.monitor.detect.detectors._spread import Spread
from components.monitor.observe.scaling import Table

CHANNEL: Channel = "scores"


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn the usual shares and both variances."""
    del rng
    known = _answers(reference)
    usual = known.mean(axis=0)
    deviation = np.sqrt(np.diag(Spread.of(known, reference.groups).of_mean(design)))
    return lambda window: float((np.abs(_answers(window).mean(axis=0) - usual) / deviation).max())


def _answers(observations: Observations) -> Table:
    """Return float64 [N, classes + 1]: 1 in the column that was answered; the last is "ask"."""
    found: Table = np.eye(len(observations.classes) + 1)[decided_columns(observations)]
    return found
