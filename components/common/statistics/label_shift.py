"""Class proportions of pictures without labels, from a classifier's scores.

Saerens, Latinne and Decaestecker, "Adjusting the Outputs of a Classifier to New a Priori
Probabilities", 2002: expectation maximisation. It trusts the scores to be calibrated, and needs
fewer pictures than the inverted confusion matrix (Lipton, Wang and Smola 2018).
"""

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats

_ROUNDS = 100


def proportions(scores: npt.NDArray[np.float32], usual: Floats) -> Floats:
    """Return the estimated share of each class, float64 [classes], sum 1.

    Args:
        scores: float [N, classes], probabilities under the proportions `usual`; all finite.
        usual: float64 [classes], sum 1; a class without a share gets none.
    """
    known = usual > 0
    probabilities, before = scores[:, known].astype(np.float64), usual[known]
    now = before
    for _ in range(_ROUNDS):
        weighted = probabilities * (now / before)
        now = (weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12)).mean(axis=0)
    found = np.zeros(len(usual))
    found[known] = now / now.sum() if now.sum() > 0 else before
    return found
