"""Standard errors from leaving out one group after the other (Efron and Tibshirani 1993, ch. 11).

Pictures of one module, lot or session resemble each other; treating them as independent makes
intervals several times too narrow. So whole groups are left out, and the spread of what remains
says how far a figure might lie elsewhere. With 5 to 40 groups the intervals built on it
(`statistics.intervals`) hold what they promise, where the percentiles of a bootstrap do not.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from components.common.progress import track
from components.common.statistics.clusters import units
from components.common.statistics.weighted import Floats, Integers

MOST_BLOCKS = 200
_ROUNDING = 1e-9  # replicates that differ by less are equal
_CELLS_AT_ONCE = 500_000  # of the weight matrix: 4 MB, about what stays in a cache


@dataclass(frozen=True)
class Jackknifed:
    """Values of a statistic and their standard errors.

    Attributes:
        values: float [K], on all pictures.
        errors: float [K], of the values; NaN where leaving one block out leaves nothing to
            compute from, so that all rests on that block.
        biases: float [K], how much the values are larger than with endless pictures.
        degrees: of freedom of the errors: blocks left out, less one.
    """

    values: Floats
    errors: Floats
    biases: Floats
    degrees: int

    @property
    def reach(self) -> Floats:
        """float [K]: half the width of the 95 % interval around the values (Student's t)."""
        reach: Floats = stdtrit(self.degrees, 0.975) * self.errors
        return reach


def blocks(groups: Sequence[str], classes: Integers) -> Integers:
    """Return which block each picture is left out with, int [N], numbered from 0.

    A block is a group. Of more than 200 groups equally many are put together, by chance but the
    classes spread evenly: the errors are as good and the time stays bounded.

    Args:
        groups: N names, see `clusters`.
        classes: int [N], the true class.
    """
    index = units(groups)
    count = int(index.max()) + 1
    if count <= MOST_BLOCKS:
        return index
    first = np.unique(index, return_index=True)[1]
    # Always the same chance: equal evidence gets equal intervals.
    shuffled = np.random.default_rng(0).permutation(count)
    dealt = shuffled[np.argsort(classes[first][shuffled], kind="stable")]
    size = math.ceil(count / MOST_BLOCKS)
    block = np.empty(count, dtype=np.int64)
    block[dealt] = np.arange(count) % math.ceil(count / size)
    return block[index]


def jackknife(
    statistic: Callable[[Floats], Floats], groups: Sequence[str], classes: Integers
) -> Jackknifed:
    """Compute a statistic and its standard errors.

    Args:
        statistic: weights float [B, N] (0 or 1 for each picture) -> [B, K]. Comparing two models
            inside it pairs them. Where a class is left without pictures it must leave that class
            out of its means: the replicate then says how much rests on the group that held it.
        groups: N >= 1 names.
        classes: int [N], the true class of each picture.

    >>> right = np.array([1.0, 1.0, 0.0, 1.0])
    >>> share = lambda weights: (weights @ right / weights.sum(axis=1))[:, None]
    >>> found = jackknife(share, ["a", "b", "c", "d"], np.zeros(4, dtype=int))
    >>> found.values, found.errors, found.degrees
    (array([0.75]), array([0.25]), 3)
    """
    block = blocks(groups, classes)
    count = int(block.max()) + 1
    values = statistic(np.ones((1, len(block))))[0]
    if count == 1:
        unknown = np.full(len(values), np.nan)
        return Jackknifed(values, unknown, unknown, degrees=0)
    at_once = max(1, _CELLS_AT_ONCE // len(block))
    parts = [
        statistic((block != np.arange(start, min(start + at_once, count))[:, None]).astype(float))
        for start in track(range(0, count, at_once), "leaving out groups")
    ]
    without = np.concatenate(parts)
    mean = without.mean(axis=0)
    errors = np.sqrt((count - 1) / count * ((without - mean) ** 2).sum(axis=0))
    errors[errors < _ROUNDING] = 0.0
    return Jackknifed(values, errors, (count - 1) * (mean - values), degrees=count - 1)
