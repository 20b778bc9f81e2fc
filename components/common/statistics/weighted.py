"""Sums, means and rank statistics of pictures under many weightings at once.

All take weights float [B, N]: B weightings of N pictures. Nothing holds more than a few arrays of
that size.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def sums_by_label(weights: Floats, labels: Integers, count: int) -> Floats:
    """Return the sum of the weights [B, N] at each label, [B, count].

    By sorting and not by a one-hot table, which would be N x count.
    """
    order = np.argsort(labels, kind="stable")
    present, starts = np.unique(labels[order], return_index=True)
    sums = np.zeros((len(weights), count))
    sums[:, present] = np.add.reduceat(weights.take(order, axis=1), starts, axis=1)
    return sums


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where `below` is 0."""
    result: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def mean_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))


@dataclass(frozen=True)
class ScoreRanking:
    """What lies at and below the scores of the positive pictures, K different ones, rising.

    positives, negatives: float [B, K], weights at the score; below: of the negatives under it.
    all_negatives: float [B].
    """

    positives: Floats
    negatives: Floats
    below: Floats
    all_negatives: Floats


def rank(
    scores: npt.NDArray[Any], positive: npt.NDArray[np.bool_], weights: Floats
) -> ScoreRanking:
    """Sort the pictures by their scores [N] and sum the weights at those of the positive ones.

    Only these can win or lose a pair, so that a rare class costs one running sum and little more.
    """
    order = np.argsort(scores, kind="stable")
    ordered = weights.take(order, axis=1)
    mine = np.flatnonzero(positive[order])
    values, firsts = np.unique(scores[order][mine], return_index=True)
    starts, ends = (np.searchsorted(scores[order], values, side) for side in ("left", "right"))
    running = np.zeros((len(weights), len(order) + 1))
    np.cumsum(ordered, axis=1, out=running[:, 1:])
    positives = np.add.reduceat(ordered[:, mine], firsts, axis=1)
    return ScoreRanking(
        positives,
        negatives=running[:, ends] - running[:, starts] - positives,
        below=running[:, starts] - (np.cumsum(positives, axis=1) - positives),
        all_negatives=weights @ ~positive,
    )


def mann_whitney(ranking: ScoreRanking) -> Floats:
    """Return the share of pairs that the positive picture wins, ties half, [B]."""
    won = (ranking.positives * (ranking.below + 0.5 * ranking.negatives)).sum(axis=1)
    return ratio(won, ranking.positives.sum(axis=1) * ranking.all_negatives)


def mean_precision(ranking: ScoreRanking) -> Floats:
    """Return the precision at each positive picture's score, averaged over them, [B]."""
    found = np.cumsum(ranking.positives[:, ::-1], axis=1)[:, ::-1]
    alarms = found + ranking.all_negatives[:, None] - ranking.below
    hits = (ranking.positives * np.nan_to_num(ratio(found, alarms))).sum(axis=1)
    positives = ranking.positives.sum(axis=1)
    return ratio(hits, np.where(ranking.all_negatives > 0, positives, 0.0))
