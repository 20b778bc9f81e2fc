"""The figures, each for many weightings of the pictures at once.

Every function takes weights [B, N] and returns [B] values, so that a plain figure (one row of
ones) and a bootstrap (one row a resample) are the same arithmetic. A value that is not defined
(no positive picture, say) is NaN.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CALIBRATION_BINS = 15
_LEAST_PROBABILITY = 1e-7


@dataclass(frozen=True)
class Scored:
    """Pictures with truth and answer.

    Attributes:
        targets: int [N], position of the true class.
        predicted: int [N], position of the decided class.
        probabilities: float [N, C], each row sums to 1.
        positive: position of the positive class with two classes, else None.
    """

    targets: Integers
    predicted: Integers
    probabilities: Floats
    positive: int | None

    @property
    def scored_classes(self) -> tuple[int, ...]:
        """Classes that one-against-the-rest figures average over: the positive one, or all."""
        if self.positive is not None:
            return (self.positive,)
        return tuple(range(self.probabilities.shape[1]))

    def take(self, rows: npt.NDArray[np.bool_]) -> "Scored":
        """Return a part, by a mask [N]."""
        return Scored(
            self.targets[rows], self.predicted[rows], self.probabilities[rows], self.positive
        )


def accuracy(scored: Scored, weights: Floats) -> Floats:
    """Share decided correctly, in [0, 1]."""
    return _ratio(weights @ (scored.targets == scored.predicted), weights.sum(axis=1))


def balanced_accuracy(scored: Scored, weights: Floats) -> Floats:
    """Mean share found of each class that has pictures, in [0, 1]."""
    confusion = _confusion(scored, weights)
    return _mean_defined(_ratio(np.einsum("bcc->bc", confusion), confusion.sum(axis=2)))


def f1(scored: Scored, weights: Floats) -> Floats:
    """Harmonic mean of precision and recall, of the positive class or macro over all."""
    confusion = _confusion(scored, weights)
    hits = np.einsum("bcc->bc", confusion)
    truths = confusion.sum(axis=2)
    values = _ratio(2 * hits, truths + confusion.sum(axis=1))
    values[truths == 0] = np.nan
    return _mean_defined(values[:, list(scored.scored_classes)])


def roc_auc(scored: Scored, weights: Floats) -> Floats:
    """Chance that a random positive picture scores above a random negative one; ties count half.

    Weighted Mann-Whitney statistic; macro one-against-the-rest with three or more classes.
    """
    return _mean_defined(_per_class(_roc_auc_of, scored, weights))


def average_precision(scored: Scored, weights: Floats) -> Floats:
    """Precision at each threshold, weighted by the gain in recall; macro as `roc_auc`."""
    return _mean_defined(_per_class(_average_precision_of, scored, weights))


def log_loss(scored: Scored, weights: Floats) -> Floats:
    """Mean of -ln(probability of the true class), in nats; probabilities are at least 1e-7."""
    true = np.take_along_axis(scored.probabilities, scored.targets[:, None], axis=1)[:, 0]
    loss = -np.log(np.clip(true, _LEAST_PROBABILITY, 1.0))
    return _ratio(weights @ loss, weights.sum(axis=1))


def calibration_error(scored: Scored, weights: Floats) -> Floats:
    """Expected calibration error of the largest probability, 15 equal bins (Guo et al. 2017)."""
    confidence = scored.probabilities.max(axis=1)
    right = scored.probabilities.argmax(axis=1) == scored.targets
    bins = np.eye(CALIBRATION_BINS)[confidence_bins(confidence)]
    gaps = weights @ (bins * (confidence - right)[:, None])
    return _ratio(np.abs(gaps).sum(axis=1), weights.sum(axis=1))


METRICS: dict[str, Callable[[Scored, Floats], Floats]] = {
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1": f1,
    "roc_auc": roc_auc,
    "average_precision": average_precision,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}


def confidence_bins(confidence: Floats) -> Integers:
    """Return the bin, 0 to 14, of each confidence in [0, 1]; upper edges belong to their bin."""
    bins: Integers = np.ceil(confidence * CALIBRATION_BINS).astype(np.int64) - 1
    return bins.clip(0, CALIBRATION_BINS - 1)


def confusion_matrix(scored: Scored) -> Integers:
    """Return counts [C, C]: rows are the truth, columns the decision."""
    counts: Floats = _confusion(scored, np.ones((1, len(scored.targets))))[0]
    return counts.round().astype(np.int64)


def _confusion(scored: Scored, weights: Floats) -> Floats:
    classes = scored.probabilities.shape[1]
    cells = np.eye(classes * classes)[scored.targets * classes + scored.predicted]
    counts: Floats = weights @ cells
    return counts.reshape(-1, classes, classes)


def _per_class(
    figure: Callable[[Floats, Floats, Integers], Floats], scored: Scored, weights: Floats
) -> Floats:
    values = []
    for position in scored.scored_classes:
        score = scored.probabilities[:, position]
        order = np.argsort(score, kind="stable")
        starts = np.flatnonzero(np.diff(score[order], prepend=-1.0))  # where a new score begins
        positive = (scored.targets == position)[order]
        sorted_weights = weights[:, order]
        values.append(figure(sorted_weights * positive, sorted_weights * ~positive, starts))
    return np.stack(values, axis=1)


def _roc_auc_of(positives: Floats, negatives: Floats, starts: Integers) -> Floats:
    """Args: weights [B, N] by rising score; `starts` [K] where runs of equal scores begin."""
    positive = np.add.reduceat(positives, starts, axis=1)
    negative = np.add.reduceat(negatives, starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    won = (positive * (below + 0.5 * negative)).sum(axis=1)
    return _ratio(won, positive.sum(axis=1) * negative.sum(axis=1))


def _average_precision_of(positives: Floats, negatives: Floats, starts: Integers) -> Floats:
    positive = np.add.reduceat(positives, starts, axis=1)[:, ::-1]
    negative = np.add.reduceat(negatives, starts, axis=1)[:, ::-1]
    found = np.cumsum(positive, axis=1)
    precision = np.nan_to_num(_ratio(found, found + np.cumsum(negative, axis=1)))
    defined = np.where(negatives.sum(axis=1) > 0, positive.sum(axis=1), 0.0)
    return _ratio((positive * precision).sum(axis=1), defined)


def _ratio(above: Floats, below: Floats) -> Floats:
    result: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def _mean_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return _ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))
