"""A linear probe under cross-validation by group: the held-out score of frozen features."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from components.networks.probe import folds as cross_validation
from components.networks.probe.folds import Fold

ROC_AUC = "roc_auc"
BALANCED_ACCURACY = "balanced_accuracy"

_FOLDS = 5
# Ridge penalties on standardised features, per picture.
_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0)

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


def grouped_folds(labels: Array, groups: Array, *, seed: int) -> list[Fold]:
    """Return folds that keep groups together and hold every class on both sides.

    None where a class has fewer than two groups, or chance leaves fewer than two such folds.
    """
    dealt = cross_validation.grouped_folds(labels, groups, folds=_FOLDS, seed=seed)
    classes = len(np.unique(labels))
    whole = [fold for fold in dealt if len(np.unique(labels[fold.outer])) == classes]
    return whole if len(whole) > 1 else []


def probe_scores(
    features: Array, labels: Array, folds: list[Fold], *, metric: str
) -> npt.NDArray[np.float64]:
    """Return the held-out score of each fold at the penalty that is best on average.

    Ridge regression on one-hot classes: one factorisation serves all penalties, and layers are
    ranked by it as by logistic regression.

    Args:
        features: float64 [N, D].
        labels: int [N].
        folds: see `grouped_folds`.
        metric: ROC_AUC (two classes) or BALANCED_ACCURACY.

    Returns:
        float64 [folds].
    """
    scores = np.array([_fold_scores(features, labels, fold, metric) for fold in folds])
    best: npt.NDArray[np.float64] = scores[:, scores.mean(axis=0).argmax()]
    return best


def _fold_scores(features: Array, labels: Array, fold: Fold, metric: str) -> list[float]:
    classes = np.unique(labels)
    known, asked = features[fold.inner], features[fold.outer]
    spread = known.std(axis=0)
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 1e-8 * spread.max())
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
        scores.append(_score(said, labels[fold.outer], classes, metric))
    return scores


def _score(answers: Array, labels: Array, classes: Array, metric: str) -> float:
    from sklearn.metrics import balanced_accuracy_score, roc_auc_score

    if metric == ROC_AUC:
        return float(roc_auc_score(labels == classes[1], answers[:, 1] - answers[:, 0]))
    return float(balanced_accuracy_score(labels, classes[answers.argmax(axis=1)]))
