"""Kolmogorov-Smirnov in many columns at once."""

import math

import numpy as np

from components.monitor.observe.scaling import Table


class Distances:
    """The largest gap between the distribution functions of a reference and of windows."""

    def __init__(self, reference: Table) -> None:
        self._ordered = np.sort(reference, axis=0)

    def largest(self, window: Table) -> float:
        """Return the largest gap over all columns, in [0, 1]; 0 without columns."""
        return max(
            (_gap(self._ordered[:, c], window[:, c]) for c in range(window.shape[1])), default=0.0
        )

    def statistic(self, window: Table) -> float:
        """Return -log(1 - largest gap): as good as the gap, but with room above it.

        Groups differ so much that a gap of 0.9 may be usual; on this scale, complete separation
        still stands out. It is bounded by the size of the window.
        """
        return -math.log(1 - self.largest(window) + 1 / (1 + len(window)))


def _gap(ordered: Table, window: Table) -> float:
    """Two-sample KS; ties count once, as in scipy.stats.ks_2samp."""
    values = np.sort(window)
    below = np.searchsorted(ordered, values, side="left") / len(ordered)
    upto = np.searchsorted(ordered, values, side="right") / len(ordered)
    mine_below = np.searchsorted(values, values, side="left") / len(values)
    mine_upto = np.searchsorted(values, values, side="right") / len(values)
    return float(max(np.abs(mine_upto - upto).max(), np.abs(mine_below - below).max()))
