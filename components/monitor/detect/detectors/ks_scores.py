"""Kolmogorov-Smirnov on the classifier's outputs, the worst class counting (BBSDs).

Lipton, Wang and Smola, "Detecting and Correcting for Label Shift with Black Box Predictors", 2018;
best of all in Rabanser et al. 2019 with ten classes, nearly blind with two.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._kolmogorov import Distances
from components.monitor.observe.observations import Observations

CHANNEL: Channel = "scores"
NEEDS_LABELS = False


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Keep the reference in order."""
    del design, rng
    distances = Distances(reference.scores.astype(np.float64))
    return lambda window: distances.statistic(window.scores.astype(np.float64))
