"""A head learnt without labels: the labelling that a linear classifier finds easiest to learn.

TURTLE (Gadetsky, Jiang and Brbic 2024, ICML, arXiv:2406.07236): an inner classifier learns the
labels that an outer one gives; the outer one is changed so that the inner one's loss falls, while
all labels stay in use. As there, the gradient does not pass through the inner steps.
"""

import numpy as np
import numpy.typing as npt

from components.common.progress import track
from components.common.statistics.temperature import softmax
from components.networks.rows import Floats

# As TURTLE's defaults, but for the steps, which are longer and fewer.
_STEPS, _INNER, _RATE, _EVEN = 300, 10, 1e-2, 10.0


def easiest_labels(features: Floats, start: Floats) -> Floats:
    """Return the outer classifier's weights, float32 [D + 1, K]; the last row is the bias.

    Args:
        features: float32 [N, D], rows of length 1.
        start: float32 [D + 1, K], weights to begin with, such as those of k-means.
    """
    rows = np.concatenate([features, np.ones((len(features), 1), np.float32)], axis=1)
    outer, inner = _Adam(start.copy()), _Adam(np.zeros_like(start))
    for _ in track(range(_STEPS), "looking for the easiest labels"):
        labels = softmax(rows @ outer.weights)
        for _ in range(_INNER):
            inner.move(rows.T @ (softmax(rows @ inner.weights) - labels) / len(rows))
        losses = -np.log(np.maximum(softmax(rows @ inner.weights), 1e-12))
        share = labels.mean(axis=0)
        # The mean loss, less the entropy of how often each label is given.
        wanted = losses + _EVEN * np.log(np.maximum(share, 1e-12))
        away = labels * (wanted - (labels * wanted).sum(axis=1, keepdims=True))
        outer.move(rows.T @ away / len(rows))
    return outer.weights


class _Adam:
    """Weights that move against a gradient (Kingma and Ba 2015, arXiv:1412.6980)."""

    def __init__(self, weights: Floats) -> None:
        self.weights = weights
        self._mean: npt.NDArray[np.float32] = np.zeros_like(weights)
        self._square: npt.NDArray[np.float32] = np.zeros_like(weights)
        self._steps = 0

    def move(self, gradient: npt.NDArray[np.floating]) -> None:
        self._steps += 1
        self._mean += np.float32(0.1) * (gradient - self._mean)
        self._square += np.float32(0.001) * (gradient**2 - self._square)
        mean = self._mean / (1 - 0.9**self._steps)
        square = self._square / (1 - 0.999**self._steps)
        self.weights = (self.weights - _RATE * mean / (np.sqrt(square) + 1e-8)).astype(np.float32)
