"""Sums, means and rank statistics of pictures under many weightings at once.

All take weights float [B, N]: B weightings of N pictures. Nothing holds more than a few arrays of
that size.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def sums_by_label(weights: Floats, labels: Integers, count: int) -> Floats:
    """Return the sum of the weights [B, N] at each label, [B, count].

    By `bincount` and not by a one-hot table, which would be N x count.
    """
    cells = labels + count * np.arange(len(weights))[:, None]
    sums = np.bincount(cells.ravel(), weights.ravel(), minlength=len(weights) * count)
    return sums.reshape(-1, count).astype(np.float64, copy=False)


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide; NaN where `below` is 0."""
    result: Floats = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=result, where=below != 0)
    return result


def mean_defined(values: Floats) -> Floats:
    """Mean over the last axis of what is defined; NaN where nothing is."""
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1).astype(float))


def by_rising_score(
    scores: npt.NDArray[Any], positive: npt.NDArray[np.bool_], weights: Floats
) -> tuple[Floats, Floats]:
    """Return the weights of positives and negatives at each different score, [B, K] each."""
    order = np.argsort(scores, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(scores[order]) > 0])
    ordered, mine = weights[:, order], positive[order]
    return (
        np.add.reduceat(ordered * mine, starts, axis=1),
        np.add.reduceat(ordered * ~mine, starts, axis=1),
    )


def mann_whitney(positives: Floats, negatives: Floats) -> Floats:
    """Return the share of pairs won by the positive, ties half, [B]; of `by_rising_score`."""
    below = np.cumsum(negatives, axis=1) - negatives
    won = (positives * (below + 0.5 * negatives)).sum(axis=1)
    return ratio(won, positives.sum(axis=1) * negatives.sum(axis=1))


def mean_precision(positives: Floats, negatives: Floats) -> Floats:
    """Return the precision averaged over the positives, [B]; of `by_rising_score`."""
    positives, negatives = positives[:, ::-1], negatives[:, ::-1]
    found = np.cumsum(positives, axis=1)
    right = np.nan_to_num(ratio(found, found + np.cumsum(negatives, axis=1)))
    total = np.where(negatives.sum(axis=1) > 0, found[:, -1], 0.0)
    return ratio((positives * right).sum(axis=1), total)
