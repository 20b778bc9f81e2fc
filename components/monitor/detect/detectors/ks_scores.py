"""Kolmogorov-Smirnov on the classifier's outputs, the worst class counting (BBSDs).

Lipton, Wang and Smola, "Detecting and Correcting for Label Shift with Black Box Predictors", 2018;
best of all in Rabanser et al. 2019 with ten classes, nearly blind with two.
"""

import numpy as np

from components.common.artifacts.monitoring.observations import Channel, Observations
from components.monitor.detect.contract import Design, Statistic

CHANNEL: Channel = "scores"
NEEDS_LABELS = False


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Keep the reference's scores, a column a class."""
    from scipy.stats import ks_2samp

    del design, rng
    known = reference.scores.T

    def statistic(window: Observations) -> float:
        columns = zip(known, window.scores.T, strict=True)
        gap = max(ks_2samp(*both, method="asymp").statistic for both in columns)
        # Groups differ so much that a gap of 0.9 may be usual; on this scale, complete separation
        # still stands out. It is bounded by the size of the window.
        return float(-np.log(1 - gap + 1 / (1 + len(window))))

    return statistic
