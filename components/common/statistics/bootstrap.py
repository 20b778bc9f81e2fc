"""The cluster bootstrap: how far a figure might lie elsewhere with other groups of pictures.

Pictures of one module, lot or session resemble each other; treating them as independent makes
intervals several times too narrow. So whole groups are drawn with replacement (Field and Welsh
2007; Cameron, Gelbach and Miller 2008), and the interval is that of the percentiles (Efron and
Tibshirani 1993, chapter 13).
"""

from collections.abc import Callable, Sequence

import numpy as np

from components.common.progress import track
from components.common.statistics.weighted import Floats, Integers

_CELLS_AT_ONCE = 500_000  # of the weight matrix: 4 MB, about what stays in a cache
_ROUNDS_AT_ONCE = 1000
_LEAST_DEFINED = 0.5  # share of draws in which a figure must exist


def clusters(groups: Sequence[str]) -> Integers:
    """Return which cluster each picture is in, int [N], numbered from 0.

    A picture without a group ("") is a cluster of its own.
    """
    names = np.asarray(groups, dtype=np.str_)
    index = np.unique(names, return_inverse=True)[1]
    alone = names == ""
    index[alone] = len(names) + np.arange(alone.sum())
    return np.unique(index, return_inverse=True)[1].astype(np.int64)


def count_clusters(groups: Sequence[str]) -> int:
    """Return the number of independent clusters."""
    return len(np.unique(clusters(groups)))


def resample(
    statistic: Callable[[Floats], Floats],
    groups: Sequence[str],
    *,
    draws: int,
    random: np.random.Generator,
) -> Floats:
    """Return the values of a statistic with whole groups drawn with replacement.

    Where all pictures are in one group, single pictures are drawn: the spread is then too small
    if they resemble each other.

    Args:
        statistic: weights float [B, N] (how often each picture was drawn) -> [B, ...]. Comparing
            two models inside it pairs them: both see the same draws.
        groups: N >= 1 names.
        draws: number of resamples. They are made in parts of at most 4 MB of weights.
        random: advances; the same state gives the same draws, however they are parted.

    Returns:
        float [draws, ...].

    >>> right = np.array([1.0, 1.0, 0.0, 1.0])
    >>> share = lambda weights: weights @ right / weights.sum(axis=1)
    >>> random = np.random.default_rng(0)
    >>> values = resample(share, ["a", "a", "b", "c"], draws=2000, random=random)
    >>> values.shape, interval(values)
    ((2000,), (0.0, 1.0))
    """
    index = clusters(groups)
    if not index.any():
        index = np.arange(len(index))
    count = len(np.unique(index))
    even = np.full(count, 1 / count)
    at_once = max(1, min(_ROUNDS_AT_ONCE, _CELLS_AT_ONCE // len(index)))
    parts = []
    for start in track(range(0, draws, at_once), "resampling groups"):
        drawn = random.multinomial(count, even, size=min(at_once, draws - start))
        parts.append(statistic(drawn[:, index].astype(np.float64)))
    return np.concatenate(parts)


def interval(values: Floats, *, confidence: float = 0.95) -> tuple[float, float] | None:
    """Return the percentile interval [low, high] of resampled values.

    Args:
        values: float [draws]; NaN where a resample leaves the figure undefined.
        confidence: the interval's level, in (0, 1).

    Returns:
        None where fewer than half of the values are defined.

    >>> interval(np.arange(1001.0), confidence=0.5)
    (250.0, 750.0)
    """
    defined = values[np.isfinite(values)]
    if len(defined) < _LEAST_DEFINED * len(values):
        return None
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return float(low), float(high)
