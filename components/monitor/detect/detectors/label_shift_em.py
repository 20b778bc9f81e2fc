"""Class proportions by expectation maximisation, against those of the reference.

Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
Probabilities", 2002. Trusts the scores to be calibrated, and needs fewer pictures than BBSE.
"""

import numpy as np

from components.monitor.detect.contract import Channel, Design, Statistic
from components.monitor.detect.detectors._label_shift import distance, labelled, shares, targets
from components.monitor.observe.observations import Observations
from components.monitor.observe.scaling import Table

CHANNEL: Channel = "scores"
NEEDS_LABELS = True
_ROUNDS = 50


def fit(reference: Observations, design: Design, *, rng: np.random.Generator) -> Statistic:
    """Count the classes of the reference."""
    del design, rng
    known = labelled(reference)
    usual = shares(targets(known), known.scores.shape[1])
    return lambda window: distance(mix(window.scores.astype(np.float64), usual), usual)


def mix(scores: Table, usual: Table) -> Table:
    """Return the estimated class proportions.

    Args:
        scores: float64 [N, classes], probabilities under the proportions `usual`.
        usual: float64 [classes].
    """
    found = usual
    for _ in range(_ROUNDS):
        weighted = scores * (found / usual)
        totals = weighted.sum(axis=1, keepdims=True)
        found = (weighted / np.maximum(totals, 1e-12)).mean(axis=0)
    total = found.sum()
    result: Table = found / total if total > 0 else usual
    return result
