"""Temperature scaling (Guo et al. 2017, arXiv:1706.04599): one number, by validation loss."""

import numpy as np
import numpy.typing as npt

from components.networks.data import Floats
from components.networks.probe.probe import log_loss

_LOWEST, _HIGHEST = 0.05, 20.0
_GOLDEN = (5**0.5 - 1) / 2
_STEPS = 60


def fit_temperature(logits: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Return the temperature T > 0 that minimises the log loss of softmax(logits / T).

    The loss is convex in 1 / T, so a golden-section search finds the one minimum.

    Args:
        logits: float32 [N, classes], of the validation pictures.
        labels: int [N], hard classes: what the served probability will be judged by.

    Returns:
        T in [0.05, 20]; the bounds hold where the classes are perfectly separated or the logits
        say nothing.
    """
    truth = np.eye(logits.shape[1], dtype=np.float32)[labels]

    def loss(inverse: float) -> float:
        return log_loss(logits * np.float32(inverse), truth)

    low, high = 1.0 / _HIGHEST, 1.0 / _LOWEST
    for _ in range(_STEPS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return float(2.0 / (low + high))


def softmax(logits: Floats) -> Floats:
    """Return probabilities, float32 [N, classes]."""
    shifted = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
    probabilities: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities
