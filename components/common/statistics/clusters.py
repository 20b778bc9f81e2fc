"""Pictures that resemble each other: one module, lot or session is one piece of evidence."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats, Integers

_OWN_SHARE = 0.1


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


def units(groups: Sequence[str]) -> Integers:
    """Return what counts as independent, int [N]: the clusters, or the pictures of a single one.

    With one cluster nothing is left to compare it with; what rests on its pictures is too narrow
    if they resemble each other, and whoever prints it has to say so.
    """
    index = clusters(groups)
    return index if index.any() else np.arange(len(index), dtype=np.int64)


def between_groups(values: Floats, groups: npt.NDArray[Any]) -> Floats:
    """Return float64 [D]: the deviation of group means, and a tenth of the pictures' own.

    The tenth stands in where groups happen to agree, which with a few of them proves little.

    Args:
        values: float64 [N, D], finite, at least one row.
        groups: the group of each row.
    """
    names = set(groups.tolist())
    if len(names) == len(values):
        means = values
    else:
        means = np.stack([values[groups == name].mean(axis=0) for name in names])
    spread: Floats = means.std(axis=0) + _OWN_SHARE * values.std(axis=0)
    return spread
