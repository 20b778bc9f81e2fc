"""Two models on the same pictures: the difference of a figure, with a paired interval.

Whole groups are drawn with replacement (cluster bootstrap), the same ones for both models:
pictures of one module are alike, and treating them as independent makes intervals up to
three times too narrow.

Source: Field and Welsh, "Bootstrapping clustered data", J. R. Statist. Soc. B 69 (2007), 369-390;
the paired percentile interval after Efron and Tibshirani (1993), chapter 13.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.errors import ConfigError, expected
from components.common.seeding import generator

Array = npt.NDArray[np.float64]
# Weighted figure of many resamples at once: weights [B, N] -> values [B], NaN where undefined.
Figure = Callable[["Answers", Array], Array]

_CELLS_AT_ONCE = 4_000_000  # resamples x pictures held in memory: 32 MB


@dataclass(frozen=True)
class Answers:
    """One model's answers.

    Attributes:
        targets: int [N], the true class.
        predicted: int [N], the class the model decides for.
        probabilities: float [N, C] in [0, 1].
    """

    targets: npt.NDArray[np.int64]
    predicted: npt.NDArray[np.int64]
    probabilities: Array


@dataclass(frozen=True)
class PairedDifference:
    """Both figures and candidate minus incumbent with its interval [low, high]."""

    candidate: float
    incumbent: float
    low: float
    high: float

    @property
    def value(self) -> float:
        """Candidate minus incumbent."""
        return self.candidate - self.incumbent


def paired_difference(
    candidate: Answers,
    incumbent: Answers,
    *,
    groups: npt.NDArray[np.object_],
    metric: str,
    confidence: float,
    resamples: int,
    seed: int,
) -> PairedDifference | None:
    """Measure how much better the candidate is than the incumbent.

    Args:
        candidate: its answers.
        incumbent: the other's, on the same pictures in the same order.
        groups: [N], what is drawn together.
        metric: "accuracy", "balanced_accuracy" or "roc_auc" (macro, one class against the rest).
        confidence: the interval's level in (0, 1).
        resamples: rounds.
        seed: start of the random stream.

    Returns:
        The difference, or None where the figure is undefined: a class is absent from the
        pictures, or from more than half of the resamples.

    Raises:
        ConfigError: the metric is not known here.
    """
    figure = _figure(metric)
    everything = np.ones((1, len(groups)))
    points = [float(figure(answers, everything)[0]) for answers in (candidate, incumbent)]
    drawn = [
        figure(candidate, weights) - figure(incumbent, weights)
        for weights in _draws(groups, resamples=resamples, seed=seed)
    ]
    differences = np.concatenate(drawn)
    defined = differences[np.isfinite(differences)]
    if not np.isfinite(points).all() or 2 * len(defined) < resamples:
        return None
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return PairedDifference(points[0], points[1], float(low), float(high))


def _draws(groups: npt.NDArray[np.object_], *, resamples: int, seed: int) -> Iterator[Array]:
    """Yield how often each picture is drawn, float [B, N], until `resamples` rounds are done."""
    names, members = np.unique(groups, return_inverse=True)
    random = generator(seed, "gate", "paired")
    at_once = max(1, _CELLS_AT_ONCE // len(groups))
    for start in range(0, resamples, at_once):
        rounds = min(at_once, resamples - start)
        counts = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=rounds)
        yield counts[:, members].astype(np.float64)


def _figure(metric: str) -> Figure:
    figures: dict[str, Figure] = {
        "accuracy": _accuracy,
        "balanced_accuracy": _balanced_accuracy,
        "roc_auc": _roc_auc,
    }
    if metric not in figures:
        known = ", ".join(figures)
        raise ConfigError(expected(f"one of {known}", received=f"'{metric}'", do="choose one"))
    return figures[metric]


def _accuracy(answers: Answers, weights: Array) -> Array:
    return _share(weights, answers.predicted == answers.targets)


def _balanced_accuracy(answers: Answers, weights: Array) -> Array:
    """Mean recall of the classes."""
    right = answers.predicted == answers.targets
    recalls = []
    for index in range(answers.probabilities.shape[1]):
        of_class = answers.targets == index
        recalls.append(_share(weights[:, of_class], right[of_class]))
    mean: Array = np.mean(recalls, axis=0)
    return mean


def _share(weights: Array, holds: npt.NDArray[np.bool_]) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        share: Array = (weights @ holds.astype(np.float64)) / weights.sum(axis=1)
    return share


def _roc_auc(answers: Answers, weights: Array) -> Array:
    """Macro mean of one class against the rest; with two classes both are the same figure."""
    classes = answers.probabilities.shape[1]
    of_interest = [1] if classes == 2 else list(range(classes))
    areas = [
        _area(answers.probabilities[:, index], answers.targets == index, weights)
        for index in of_interest
    ]
    mean: Array = np.mean(areas, axis=0)
    return mean


def _area(scores: Array, positive: npt.NDArray[np.bool_], weights: Array) -> Array:
    """Weighted Mann-Whitney statistic, ties counted half (Hanley and McNeil 1982)."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])
    ordered, is_positive = weights[:, order], positive[order]
    positives = np.add.reduceat(ordered * is_positive, starts, axis=1)
    negatives = np.add.reduceat(ordered * ~is_positive, starts, axis=1)
    below = np.cumsum(negatives, axis=1) - negatives
    won = (positives * (below + 0.5 * negatives)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        area: Array = won / (positives.sum(axis=1) * negatives.sum(axis=1))
    return area
