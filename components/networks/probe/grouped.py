"""A linear probe under cross-validation by group: the held-out score of frozen features."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.statistics.figures import Quality, measure
from components.common.statistics.folds import Fold, grouped_folds
from components.networks.probe.probe import feature_scale

_FOLDS = 5
# Ridge penalties on standardised features, per picture.
_PENALTIES = tuple(10.0**power for power in range(-5, 4))

Array = npt.NDArray[Any]


def corrected_error(values: Array) -> float:
    """Return the standard error of a mean over cross-validation folds.

    The folds share most of their training pictures, so that the plain error is too small;
    corrected as by Nadeau and Bengio 2003: variance * (1 / K + test / train).
    """
    folds = len(values)
    if folds < 2:
        return math.inf
    return float(np.std(values, ddof=1) * math.sqrt(1.0 / folds + 1.0 / (folds - 1.0)))


def whole_folds(labels: Array, groups: Array, *, seed: int) -> tuple[Fold, ...]:
    """Return folds that keep groups together and hold every class on both sides.

    None where a class has fewer than two groups, or chance leaves fewer than two such folds.
    """
    classes = len(np.unique(labels))
    whole = grouped_folds(labels, groups, folds=_FOLDS, seed=seed, judged_classes=classes)
    return whole if len(whole) > 1 else ()


def probe_scores(
    features: Array, labels: Array, folds: tuple[Fold, ...], *, metric: Quality
) -> npt.NDArray[np.float64]:
    """Return the held-out score of each fold at the penalty that is best on average.

    Ridge regression on one-hot classes: one factorisation serves all penalties, and layers are
    ranked by it as by logistic regression.

    Args:
        features: float64 [N, D].
        labels: int [N].
        folds: see `whole_folds`.
        metric: see `measure`.

    Returns:
        float64 [folds].
    """
    scores = np.array([_fold_scores(features, labels, fold, metric) for fold in folds])
    best: npt.NDArray[np.float64] = scores[:, scores.mean(axis=0).argmax()]
    return best


def _fold_scores(features: Array, labels: Array, fold: Fold, metric: Quality) -> list[float]:
    classes = np.unique(labels)
    known, asked = features[fold.inner], features[fold.outer]
    scale = feature_scale(known)
    targets = (labels[fold.inner][:, None] == classes).astype(np.float64)
    # A rare class weighs as much as a frequent one, as the scores see it.
    roots = np.sqrt(len(known) / (len(classes) * targets.sum(axis=0)))[targets.argmax(axis=1)]
    centre = np.average(known, axis=0, weights=roots**2)
    weighted = (known - centre) * scale * roots[:, None]
    left, singular, right = np.linalg.svd(weighted, full_matrices=False)
    projected = left.T @ ((targets - 1.0 / len(classes)) * roots[:, None])
    answers = (asked - centre) * scale @ right.T
    scores = []
    for penalty in _PENALTIES:
        shrunk = singular / (singular**2 + penalty * len(known))
        said = answers @ (shrunk[:, None] * projected)
        scores.append(measure(metric, np.searchsorted(classes, labels[fold.outer]), said))
    return scores
