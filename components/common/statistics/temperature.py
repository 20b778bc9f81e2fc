"""Logits as probabilities: softmax, cross-entropy, and the temperature between the two."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[Any]

LOG_TEMPERATURE_SD = 0.5
_LOG_BOUNDS = (float(np.log(0.05)), float(np.log(20.0)))


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
    """Return the temperature T > 0 by which softmax(logits / T) is calibrated.

    Temperature scaling (Guo et al. 2017, arXiv:1706.04599), shrunk as `best_temperature` says.

    Args:
        logits: float32 [N, classes], of pictures that the network was not fitted on.
        labels: int [N], hard classes: what the served probability will be judged by.
    """
    truth = np.eye(logits.shape[1])[labels]
    exact = logits.astype(np.float64)
    return best_temperature(lambda temperature: float(log_losses(exact / temperature, truth).sum()))


def best_temperature(total_loss: Callable[[float], float]) -> float:
    """Return the temperature that is most likely after seeing the pictures.

    Before them log T is taken to be normal around 0, so that few pictures leave T near 1 and many
    decide by themselves: four perfectly separated ones give about 0.8, not the lowest bound. The
    width was chosen by `python -m benchmarks.operating_point`.

    Args:
        total_loss: the summed (not mean) log loss of all pictures at a temperature.

    Returns:
        T in [0.05, 20].
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        prior = 0.5 * (log_temperature / LOG_TEMPERATURE_SD) ** 2
        return total_loss(float(np.exp(log_temperature))) + prior

    found = minimize_scalar(
        loss, bounds=_LOG_BOUNDS, method="bounded", options={"xatol": 1e-6, "maxiter": 200}
    )
    return float(np.exp(found.x))
