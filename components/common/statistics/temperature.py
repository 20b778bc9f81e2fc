"""Logits as probabilities: softmax, cross-entropy, and the temperature between the two."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[Any]

_LOWEST, _HIGHEST = 0.05, 20.0


def softmax(logits: Floats) -> Floats:
    """Return probabilities, float32 [N, classes]."""
    shifted = np.exp((logits - logits.max(axis=1, keepdims=True)).astype(np.float64))
    probabilities: Floats = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return probabilities


def log_losses(logits: Numbers, targets: Numbers) -> npt.NDArray[np.float64]:
    """Return each row's cross-entropy of softmax(logits), float64 [N], natural logarithm."""
    top = logits.max(axis=1, keepdims=True)
    shifted = (logits - top).astype(np.float64)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    losses: npt.NDArray[np.float64] = -(targets * log_p).sum(axis=1)
    return losses


def log_loss(logits: Numbers, targets: Numbers, weights: Numbers | None = None) -> float:
    """Return the weighted mean cross-entropy of softmax(logits), natural logarithm."""
    return float(np.average(log_losses(logits, targets), weights=weights))


def calibrated_losses(logits: Floats, labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return each row's loss against hard labels after temperature scaling, float64 [N]."""
    truth = np.eye(logits.shape[1], dtype=np.float32)[labels]
    return log_losses(logits / np.float32(fit_temperature(logits, labels)), truth)


def fit_temperature(logits: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Return the temperature T > 0 that minimises the log loss of softmax(logits / T).

    Temperature scaling (Guo et al. 2017, arXiv:1706.04599). The loss is convex in 1 / T.

    Args:
        logits: float32 [N, classes], of the validation pictures.
        labels: int [N], hard classes: what the served probability will be judged by.

    Returns:
        T in [0.05, 20]; the bounds hold where the classes are perfectly separated or the logits
        say nothing.
    """
    from scipy.optimize import minimize_scalar

    truth = np.eye(logits.shape[1])[labels]
    exact = logits.astype(np.float64)
    found = minimize_scalar(
        lambda inverse: log_loss(exact * inverse, truth),
        bounds=(1.0 / _HIGHEST, 1.0 / _LOWEST),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return float(1.0 / found.x)
