"""Class proportions from the decisions, corrected by the confusion matrix (BBSE).

Lipton, Wang and Smola 2018: mix = C⁻¹ μ, where C holds P(decided i | class j) on the reference and
μ the shares of decisions in the window. Assumes that only the mix has changed.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._label_shift import distance, labelled, shares, targets
from components.monitor.observe.observations import Observations

CHANNEL: Channel = "scores"
NEEDS_LABELS = True
_LEAST_SINGULAR = 0.1


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Learn the confusion matrix."""
    del design, rng
    known = labelled(reference)
    classes = known.scores.shape[1]
    truth, decided = targets(known), known.scores.argmax(axis=1)
    confusion = np.stack(
        [shares(decided[truth == j].astype(np.int64), classes) for j in range(classes)], axis=1
    )
    usual = shares(truth, classes)
    # A matrix that is nearly singular would blow up chance: small singular values are left out.
    inverse = np.linalg.pinv(confusion, rcond=_LEAST_SINGULAR)

    def statistic(window: Observations) -> float:
        seen = shares(window.scores.argmax(axis=1).astype(np.int64), classes)
        mix = np.maximum(inverse @ seen, 0)
        total = float(mix.sum())
        return distance(mix / total, usual) if total > 0 else 0.0

    return statistic
