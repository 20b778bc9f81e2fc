"""Picture statistics on scales that can be compared."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.statistics import ADDED_LATER, STATISTICS

Table = npt.NDArray[np.float64]

# What light and lens scale, rather than shift: a factor becomes a difference.
_SCALED = ("mean", "deviation", "dark", "bright", "sharpness", "grain")
_IS_SCALED = np.array([name in _SCALED for name in STATISTICS])
_IS_CLIPPED = np.array([name == "clipped" for name in STATISTICS])
_IS_LATER = np.array([name in ADDED_LATER for name in STATISTICS])
_KNOTS = 200
_LEAST_DEVIATION = 0.01


def level(statistics: npt.NDArray[np.float32]) -> Table:
    """Return float64 [N, len(STATISTICS)]: exposure and contrast are additive in it."""
    values = statistics.astype(np.float64)
    values[:, _IS_SCALED] = np.log1p(np.maximum(values[:, _IS_SCALED], 0))
    # From "hardly any" to "a tenth" counts, from 0.4 to 0.5 does not.
    values[:, _IS_CLIPPED] = np.log(np.maximum(values[:, _IS_CLIPPED], 0) + 1e-3)
    return values


def comparable(first: Observations, second: Observations) -> tuple[Observations, Observations]:
    """Return both with zeros for each statistic that the records of one are too old to hold."""
    lacking = _lacking(first) | _lacking(second)
    return _without(first, lacking), _without(second, lacking)


def _lacking(observations: Observations) -> npt.NDArray[np.bool_]:
    known = np.isfinite(observations.statistics)
    measured = known[:, ~_IS_LATER].all(axis=1)
    return np.asarray(_IS_LATER & measured.any() & ~known[measured].any(axis=0))


def _without(observations: Observations, lacking: npt.NDArray[np.bool_]) -> Observations:
    if not lacking.any():
        return observations
    return replace(observations, statistics=np.where(lacking, 0, observations.statistics))


@dataclass(frozen=True)
class NormalScores:
    """Columns bent so that the reference is standard normal in each.

    Few odd pictures then cannot hide a shift of all the others. Beyond what the reference holds the
    scale goes on in straight lines, so that far off stays far off; steeply where the reference
    knows but one value.

    knots: for each column its quantiles; `scores` are the standard normal's.
    """

    knots: Table  # [D, K]
    scores: Table  # [D, K]
    slopes: Table  # [D], beyond the ends

    @classmethod
    def of(cls, values: Table) -> "NormalScores":
        """Learn from float64 [N, D]."""
        from scipy.stats import norm

        ordered = np.sort(values, axis=0)
        count = min(_KNOTS, len(ordered))
        places = np.linspace(0, len(ordered) - 1, count).round().astype(int)
        knots = ordered[places].T
        normal = norm.ppf((places + 0.5) / len(ordered))
        # Where values are tied, each has the mean score of them all.
        scores = np.array([_mean_where_tied(row, normal) for row in knots])
        least = _LEAST_DEVIATION * np.maximum(1.0, np.abs(ordered[-1]))
        return cls(knots, scores, 1 / np.maximum(values.std(axis=0), least))

    def apply(self, values: Table) -> Table:
        """Return float64 [N, D]."""
        found = np.empty(values.shape)
        for column, value in enumerate(values.T):
            knots = self.knots[column]
            inside = np.interp(value, knots, self.scores[column])
            beyond = np.maximum(value - knots[-1], 0) - np.maximum(knots[0] - value, 0)
            found[:, column] = inside + self.slopes[column] * beyond
        return found


def _mean_where_tied(ordered: Table, scores: Table) -> Table:
    _, member = np.unique(ordered, return_inverse=True)
    means = np.bincount(member, weights=scores) / np.bincount(member)
    found: Table = means[member]
    return found
