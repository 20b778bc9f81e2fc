"""Every figure of how good a classifier's answers are, once.

A figure takes weights [B, N] and returns [B] values, so that a plain figure (one row of ones) and
a jackknife (one row a group left out) are the same arithmetic. scikit-learn gives the same numbers,
one weighting at a time; the tests hold it against these.

One meaning of an absent class: a class without a picture in the sample is left out of every mean
over classes. A value is NaN only where nothing is left to average.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import (
    Floats,
    Integers,
    ScoreRanking,
    mann_whitney,
    mean_defined,
    mean_precision,
    rank,
    ratio,
    sums_by_label,
)

Figure = Callable[["Scored", Floats], Floats]
# What networks and finalists are ranked by.
Quality = Literal["roc_auc", "balanced_accuracy", "accuracy"]

CALIBRATION_BINS = 15
_LEAST_PROBABILITY = 1e-7
# The largest value a figure can take, where it is not 1.
TOP = {"log_loss": -math.log(_LEAST_PROBABILITY)}


@dataclass(frozen=True)
class Scored:
    """Pictures with truth and answer.

    Attributes:
        targets: int [N], position of the true class, 0 to C - 1.
        predicted: int [N], position of the decided class; not always the largest probability.
        probabilities: float [N, C], each row sums to 1.
        positive: position of the class that alarms are about, with two classes; else None.
    """

    targets: Integers
    predicted: Integers
    probabilities: npt.NDArray[Any]
    positive: int | None = None

    @classmethod
    def by_largest(cls, targets: npt.NDArray[Any], scores: npt.NDArray[Any]) -> "Scored":
        """Return answers that decide for the largest score of each row [N, C]."""
        return cls(np.asarray(targets, dtype=np.int64), scores.argmax(axis=1), scores)

    @property
    def averaged_classes(self) -> tuple[int, ...]:
        """Classes that one-against-the-rest figures average over: the positive one, or all."""
        if self.positive is not None:
            return (self.positive,)
        return tuple(range(self.probabilities.shape[1]))

    def take(self, rows: npt.NDArray[Any]) -> "Scored":
        """Return a part, by a mask [N] or by positions [M]."""
        return Scored(
            self.targets[rows], self.predicted[rows], self.probabilities[rows], self.positive
        )


def measure(
    name: str,
    targets: npt.NDArray[Any],
    scores: npt.NDArray[Any],
    weights: npt.NDArray[Any] | None = None,
) -> float:
    """Return one figure of answers that decide for the largest score.

    Args:
        name: a key of FIGURES.
        targets: int [N], position of the true class.
        scores: float [N, C], probabilities. For figures that only decide any scores will do; to
            rank, a column must mean the same in every row, which logits of three classes do not.
        weights: float [N], at least 0, how often each picture counts; once without.

    Returns:
        The figure; NaN where it is not defined (ROC-AUC of one class only).

    >>> targets = np.array([0, 0, 1, 1])
    >>> probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.1, 0.9]])
    >>> measure("roc_auc", targets, probabilities)
    0.75
    >>> measure("accuracy", targets, probabilities, weights=np.array([3, 1, 1, 3]))
    0.75
    """
    counted = np.ones(len(targets)) if weights is None else np.asarray(weights, dtype=np.float64)
    return float(FIGURES[name](Scored.by_largest(targets, scores), counted[None, :])[0])


def accuracy(scored: Scored, weights: Floats) -> Floats:
    """Share decided correctly, in [0, 1]; NaN without pictures."""
    return ratio(weights @ (scored.targets == scored.predicted), weights.sum(axis=1))


def balanced_accuracy(scored: Scored, weights: Floats) -> Floats:
    """Mean share found of each class that has pictures, in [0, 1] (Brodersen et al. 2010).

    >>> answers = Scored(np.array([0, 0, 0, 1]), np.zeros(4, dtype=int), np.full((4, 2), 0.5))
    >>> balanced_accuracy(answers, np.ones((1, 4)))
    array([0.5])
    """
    return mean_defined(recall_by_class(scored, weights))


def precision(scored: Scored, weights: Floats) -> Floats:
    """Share of the decisions for a class that are right, in [0, 1].

    Of the positive class, or the mean over all. A class that has pictures and is never decided
    for counts 0.
    """
    return _averaged(precision_by_class, scored, weights)


def recall(scored: Scored, weights: Floats) -> Floats:
    """Share of a class's pictures that were found, in [0, 1]; averaged as `precision`."""
    return _averaged(recall_by_class, scored, weights)


def f1(scored: Scored, weights: Floats) -> Floats:
    """Harmonic mean of precision and recall, in [0, 1]; averaged as `precision`."""
    return _averaged(f1_by_class, scored, weights)


def precision_by_class(scored: Scored, weights: Floats) -> Floats:
    """Share of the decisions for each class that are right, [B, C]; see `precision`."""
    hits, truths, decided = _count(scored, weights)
    return np.where(truths > 0, np.nan_to_num(ratio(hits, decided)), np.nan)


def recall_by_class(scored: Scored, weights: Floats) -> Floats:
    """Share found of each class, [B, C]; NaN for a class without pictures."""
    classes = scored.probabilities.shape[1]
    right = weights * (scored.targets == scored.predicted)
    found = sums_by_label(right, scored.targets, classes)
    return ratio(found, sums_by_label(weights, scored.targets, classes))


def f1_by_class(scored: Scored, weights: Floats) -> Floats:
    """Harmonic mean of precision and recall of each class, [B, C]; see `precision`."""
    hits, truths, decided = _count(scored, weights)
    return np.where(truths > 0, ratio(2 * hits, truths + decided), np.nan)


def roc_auc_by_class(scored: Scored, weights: Floats) -> Floats:
    """ROC-AUC of each class against the rest, [B, C]; see `roc_auc`."""
    return _of_columns(mann_whitney, scored, weights, range(scored.probabilities.shape[1]))


def roc_auc(scored: Scored, weights: Floats) -> Floats:
    """Chance that a random picture of a class scores above a random other one, in [0, 1].

    Ties count half. Weighted Mann-Whitney statistic (Hanley and McNeil 1982); with three or more
    classes the mean of one against the rest. A class without pictures, or without others beside
    it, is left out.
    """
    columns = scored.averaged_classes
    # With two classes both sides give the same number.
    columns = columns if len(columns) != 2 else (1,)
    return mean_defined(_of_columns(mann_whitney, scored, weights, columns))


def average_precision(scored: Scored, weights: Floats) -> Floats:
    """Precision at each threshold, weighted by the gain in recall, in [0, 1].

    Of the positive class, or the mean over all; classes are left out as by `roc_auc`.
    """
    return mean_defined(_of_columns(mean_precision, scored, weights, scored.averaged_classes))


def log_loss(scored: Scored, weights: Floats) -> Floats:
    """Mean of -ln(probability of the true class), in nats, 0 to 16.1 (probabilities >= 1e-7)."""
    true = np.take_along_axis(scored.probabilities, scored.targets[:, None], axis=1)[:, 0]
    loss = -np.log(np.clip(true, _LEAST_PROBABILITY, 1.0))
    return ratio(weights @ loss, weights.sum(axis=1))


def calibration_error(scored: Scored, weights: Floats) -> Floats:
    """Expected calibration error of the largest probability, in [0, 1] (Guo et al. 2017).

    The gap between stated confidence and share right, averaged over 15 bins of equal width.
    """
    confidence = scored.probabilities.max(axis=1)
    gap = confidence - (scored.probabilities.argmax(axis=1) == scored.targets)
    gaps = sums_by_label(weights * gap, confidence_bins(confidence), CALIBRATION_BINS)
    return ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1))


FIGURES: dict[str, Figure] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}
# One value a class, [B, C]: one class against the rest.
BY_CLASS: dict[str, Figure] = {
    "precision": precision_by_class,
    "recall": recall_by_class,
    "f1": f1_by_class,
    "roc_auc": roc_auc_by_class,
}
# What a reader calls them, inside a sentence.
LABELS = {
    **{name: name.replace("_", " ") for name in FIGURES},
    "f1": "F1",
    "roc_auc": "ROC-AUC",
    "harmonic_mean": "harmonic mean with known classes treated as unseen",
}


def confidence_bins(confidence: npt.NDArray[Any]) -> Integers:
    """Return the bin, 0 to 14, of each confidence in [0, 1]; upper edges belong to their bin."""
    bins: Integers = np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1
    return bins.clip(0, CALIBRATION_BINS - 1)


def confusion_counts(scored: Scored) -> Integers:
    """Return counts of pictures, int [C, C]: rows are the truth, columns the decision.

    >>> confusion_counts(Scored(np.array([0, 0, 1]), np.array([1, 0, 1]), np.full((3, 2), 0.5)))
    array([[1, 1],
           [0, 1]])
    """
    classes = scored.probabilities.shape[1]
    cells = scored.targets * classes + scored.predicted
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


def _count(scored: Scored, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Return weights [B, C] of each class: found, with this truth, with this decision."""
    classes = scored.probabilities.shape[1]
    right = weights * (scored.targets == scored.predicted)
    return (
        sums_by_label(right, scored.targets, classes),
        sums_by_label(weights, scored.targets, classes),
        sums_by_label(weights, scored.predicted, classes),
    )


def _averaged(figure: Figure, scored: Scored, weights: Floats) -> Floats:
    return mean_defined(figure(scored, weights)[:, list(scored.averaged_classes)])


def _of_columns(
    figure: Callable[[ScoreRanking], Floats],
    scored: Scored,
    weights: Floats,
    columns: Sequence[int],
) -> Floats:
    values = [
        figure(rank(scored.probabilities[:, column], scored.targets == column, weights))
        for column in columns
    ]
    return np.stack(values, axis=1)
