"""One scale for what different detectors say, so that one threshold serves them all."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_TINY = 1e-9
_LEAST_DEVIATION = 1e-3
_STEEP = 1.28  # from the median to the last that is ranked, or as far below the largest

Table = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NormalScale:
    """Brings a statistic to normal scores among the windows without drift, and back.

    Detectors with heavy and with thin tails then weigh the same. Where windows are of few groups
    the upper tenth is not ranked: one group would stand at the top of each scale, and as many odd
    ones as there are detectors would share the first place. Beyond what is ranked the scale goes on
    as steeply as it came, in the statistic's logarithm, since statistics are positive and skewed.
    """

    knots: Table  # logarithms, rising
    scores: Table
    slope: float

    @classmethod
    def of(cls, null: Table, *, ranked: float) -> "NormalScale":
        """Learn from float64 [N]; the upper 1 - `ranked` of it is not ranked."""
        from scipy.stats import norm

        values = np.sort(np.log(np.maximum(null[np.isfinite(null)], 0) + _TINY))
        if values.size == 0:
            return cls(np.zeros(1), np.zeros(1), 1.0)
        knots, counts = np.unique(values, return_counts=True)
        upto = np.cumsum(counts)
        scores = norm.ppf((upto - counts / 2) / len(values))
        last = max(1, int(np.searchsorted(upto, ranked * len(values), side="right")))
        knots, scores = knots[:last], scores[:last]
        start = min(int(np.searchsorted(scores, scores[-1] - _STEEP)), last - 1)
        rise, run = scores[-1] - scores[start], knots[-1] - knots[start]
        slope = float(rise / run) if run > 0 and rise > 0 else 1 / _LEAST_DEVIATION
        return cls(knots, scores, min(slope, 1 / _LEAST_DEVIATION))

    def apply(self, values: Table) -> Table:
        """Return normal scores, NaN where there is no value."""
        logs = np.log(np.maximum(values, 0) + _TINY)
        beyond = np.maximum(logs - self.knots[-1], 0)
        scaled: Table = np.interp(logs, self.knots, self.scores) + self.slope * beyond
        return np.where(np.isnan(values), np.nan, scaled)

    def undo(self, scaled: float) -> float:
        """Return the statistic that has this score."""
        beyond = max(scaled - float(self.scores[-1]), 0) / self.slope
        log = float(np.interp(scaled, self.scores, self.knots)) + beyond
        # Rounding of what is constant is no drift.
        return math.exp(min(log, 700.0)) + _TINY
