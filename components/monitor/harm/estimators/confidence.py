"""Calibrated confidence: the mean probability that a decision is right, as NannyML's CBPE.

The scores are first calibrated on the reference's labels by one temperature (Guo et al. 2017,
arXiv:1706.04599). The reference's own mean is subtracted, so that no drift means no loss.
"""

import numpy as np

from components.common.statistics.temperature import best_temperature
from components.monitor.harm.evidence import Evidence, Floats


def loss_points(window: Evidence, reference: Evidence) -> float:
    """Return the drop of the calibrated probability of the decisions, in points."""
    temperature = fit_temperature(reference)
    before, after = (probability_right(one, temperature).mean() for one in (reference, window))
    return 100.0 * float(before - after)


def fit_temperature(known: Evidence) -> float:
    """Return the temperature that makes the probability of being right fit the labels best.

    It minimises the binary log loss of "the decision is right", shrunk towards 1 for few labels.
    """
    right = known.right.astype(np.float64)

    def loss(temperature: float) -> float:
        p = np.clip(probability_right(known, temperature), 1e-7, 1 - 1e-7)
        return float(-(right * np.log(p) + (1 - right) * np.log(1 - p)).sum())

    return best_temperature(loss)


def probability_right(evidence: Evidence, temperature: float) -> Floats:
    """Return the probability of each decision after scaling, float64 [N]."""
    logits = np.log(np.clip(evidence.scores, 1e-7, 1.0)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits)
    shares /= shares.sum(axis=1, keepdims=True)
    return np.asarray(shares[np.arange(len(shares)), evidence.decided], dtype=np.float64)
