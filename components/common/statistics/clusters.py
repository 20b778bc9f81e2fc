"""Pictures that resemble each other: one module, lot or session is one piece of evidence."""

from collections.abc import Sequence

import numpy as np

from components.common.statistics.weighted import Integers


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
