"""Scores of frozen features that need no training: LogME, H-score, proxy A-distance.

Diagnostics beside the grouped probe, which decides: on the demo data LogME ranks layers wrongly.
"""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_ITERATIONS = 100
_CLOSE = 1e-6

Array = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]


def logme(features: Array, labels: Array) -> float:
    """Return the maximum log evidence a picture of Bayesian linear regressions on the labels.

    LogME (You et al. 2021, arXiv:2102.11005): for each class, y = features @ w + noise with
    w ~ N(0, 1/alpha) and noise ~ N(0, 1/beta); alpha and beta maximise the evidence (MacKay's
    fixed point, here on the singular values); mean over the classes, divided by N.

    Args:
        features: float [N, D], as the network gives them.
        labels: int [N].
    """
    left, singular, _ = np.linalg.svd(features.astype(np.float64), full_matrices=False)
    classes = np.unique(labels)
    targets = [(labels == name).astype(np.float64) for name in classes]
    return float(np.mean([_evidence(left, singular, y) for y in targets])) / len(labels)


def _evidence(left: Doubles, singular: Doubles, target: Doubles) -> float:
    """Return max over alpha, beta of log p(target), [N] ~ N(0, I/beta + F F'/alpha)."""
    rows = len(target)
    squares, z = singular**2, left.T @ target
    outside = max(float(target @ target - z @ z), 0.0)  # what no weight can explain
    alpha, beta = 1.0, 1.0
    for _ in range(_ITERATIONS):
        known = beta * squares / (alpha + beta * squares)
        weights = float(((beta * singular * z / (alpha + beta * squares)) ** 2).sum())
        residual = float(((alpha * z / (alpha + beta * squares)) ** 2).sum()) + outside
        before = alpha / beta
        # A target that is nought or fitted perfectly would send one of them to infinity.
        alpha = float(known.sum()) / max(weights, 1e-12)
        beta = (rows - float(known.sum())) / max(residual, 1e-12)
        if abs(alpha / beta - before) <= _CLOSE * before:
            break
    weights = float(((beta * singular * z / (alpha + beta * squares)) ** 2).sum())
    residual = float(((alpha * z / (alpha + beta * squares)) ** 2).sum()) + outside
    # Directions that the pictures do not span keep their prior: they cancel.
    log_determinant = float(np.log1p(beta / alpha * squares).sum())
    return 0.5 * (
        rows * math.log(beta / (2 * math.pi)) - beta * residual - alpha * weights - log_determinant
    )


def h_score(features: Array, labels: Array) -> float:
    """Return the H-score with shrunk covariance: tr(cov_a(f)^-1 (1 - a) cov(E[f | y])).

    Bao et al. 2019; the shrinkage a of Ledoit and Wolf as in Ibrahim et al. 2021
    (arXiv:2110.06893), without which it only counts features when there are many.

    Args:
        features: float [N, D].
        labels: int [N].
    """
    from sklearn.covariance import ledoit_wolf

    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    covariance, shrinkage = ledoit_wolf(centred, assume_centered=True)
    means = np.zeros_like(centred)
    for name in np.unique(labels):
        means[labels == name] = centred[labels == name].mean(axis=0)
    between = means.T @ means / len(means)
    return float((1.0 - shrinkage) * np.trace(np.linalg.pinv(covariance, hermitian=True) @ between))


def proxy_a_distance(balanced_accuracy: float) -> float:
    """Return 2 (1 - 2 e) of a domain classifier with held-out balanced error e, at least 0.

    Ben-David et al. 2007. It saturates at 2 for anything that a line can separate.
    """
    error = 1.0 - balanced_accuracy
    return max(0.0, 2.0 * (1.0 - 2.0 * error))
