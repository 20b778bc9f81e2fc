"""Logits of pictures that were left out as probabilities, where one class may have a handful."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.statistics.temperature import LOG_TEMPERATURE_SD, Floats, log_losses, softmax


@dataclass(frozen=True)
class Scaling:
    """Calibrated logits are slope * logits + shift; slope > 0, shift float64 [classes]."""

    slope: float
    shift: npt.NDArray[np.float64]

    def apply(self, logits: Floats) -> Floats:
        """Return float32 [N, classes]."""
        return (self.slope * logits + self.shift).astype(np.float32)


def fit_scaling(logits: Floats, labels: npt.NDArray[np.int64]) -> Scaling:
    """Fit one slope and a shift a class, so that probabilities are those of these pictures' mix.

    Platt scaling for any number of classes (Platt 1999). The slope stays positive and is drawn to
    where the spread inside the classes is one unit of log odds, as wide as `best_temperature` draws
    its own: with four defects the folds alone would turn a good ranking round.

    Args:
        logits: float32 [N, classes], of pictures that the head was not fitted on.
        labels: int [N]; every class among them.
    """
    from scipy.optimize import minimize

    classes = logits.shape[1]
    truth = np.eye(classes)[labels]
    exact = logits.astype(np.float64) - logits.mean(axis=1, keepdims=True)
    means = (truth.T @ exact) / truth.sum(axis=0)[:, None]
    # Of two classes the logits are half their difference, either way.
    usual = 1.0 / max(2.0 * float(np.sqrt(np.mean((exact - means[labels]) ** 2))), 1e-6)

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        slope = usual * np.exp(flat[0])
        scaled = slope * exact + flat[1:]
        away = softmax(scaled.astype(np.float32)) - truth
        prior = flat[0] / LOG_TEMPERATURE_SD
        total = float(log_losses(scaled, truth).sum()) + 0.5 * prior**2
        by_slope = float((away * slope * exact).sum()) + prior / LOG_TEMPERATURE_SD
        return total, np.concatenate([[by_slope], away.sum(axis=0)])

    start = np.concatenate([[0.0], np.log(truth.mean(axis=0))])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return Scaling(float(usual * np.exp(found[0])), found[1:] - found[1:].mean())
