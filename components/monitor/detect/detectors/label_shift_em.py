"""Class proportions by expectation maximisation, against those of the reference.

See `components.common.statistics.label_shift`. Assumes that only the mix has changed.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Channel, Observations
from components.common.statistics.label_shift import proportions
from components.monitor.detect.contract import Design, Statistic

CHANNEL: Channel = "scores"


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Count the classes of the reference."""
    del design, rng
    columns = reference.columns
    counts = np.bincount(columns[columns >= 0], minlength=len(reference.classes)) + 0.5
    usual = counts / counts.sum()

    def statistic(window: Observations) -> float:
        # The total variation distance of the two mixes, in [0, 1].
        return float(np.abs(proportions(window.scores, usual) - usual).sum() / 2)

    return statistic
