"""Statistics and embeddings on scales that detectors can compare."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.pictures.statistics import STATISTICS

Table = npt.NDArray[np.float64]

# What light and lens scale, rather than shift: a factor becomes a difference.
_SCALED = ("mean", "deviation", "dark", "bright", "sharpness", "grain")
_IS_SCALED = np.array([name in _SCALED for name in STATISTICS])
_IS_CLIPPED = np.array([name == "clipped" for name in STATISTICS])
_TINY = 1e-9
_KNOTS = 200
_LEAST_DEVIATION = 0.01


def level(statistics: npt.NDArray[np.float32]) -> Table:
    """Return picture statistics float64 [N, 12] in which exposure and contrast are additive."""
    values = statistics.astype(np.float64)
    values[:, _IS_SCALED] = np.log1p(np.maximum(values[:, _IS_SCALED], 0))
    # From "hardly any" to "a tenth" counts, from 0.4 to 0.5 does not.
    values[:, _IS_CLIPPED] = np.log(np.maximum(values[:, _IS_CLIPPED], 0) + 1e-3)
    return values


@dataclass(frozen=True)
class Scaling:
    """Columns that vary, centred and divided by their deviation."""

    kept: npt.NDArray[np.bool_]
    centre: Table
    deviation: Table

    @classmethod
    def of(cls, values: Table) -> "Scaling":
        """Learn from float64 [N, D]."""
        deviation = values.std(axis=0)
        kept = deviation > _TINY * np.maximum(1.0, np.abs(values).max(axis=0, initial=0.0))
        return cls(kept, values.mean(axis=0)[kept], deviation[kept])

    def apply(self, values: Table) -> Table:
        """Return float64 [N, kept]."""
        scaled: Table = (values[:, self.kept] - self.centre) / self.deviation
        return scaled


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


@dataclass(frozen=True)
class Components:
    """The first principal components of embeddings, each of deviation 1 unless told otherwise."""

    centre: Table
    axes: Table  # [D, k]

    @classmethod
    def of(
        cls, features: npt.NDArray[np.float32], *, count: int, whiten: bool = True
    ) -> "Components":
        """Learn at most `count` components of float32 [N, D]; none without spread."""
        from sklearn.utils.extmath import randomized_svd

        values = features.astype(np.float64)
        centre = values.mean(axis=0)
        wanted = min(count, *values.shape)
        _, sizes, axes = randomized_svd(values - centre, wanted, random_state=0)
        deviations = sizes / np.sqrt(max(1, len(values) - 1))
        kept = deviations > 1e-6 * max(float(deviations.max(initial=0.0)), _TINY)
        scale = deviations[kept, None] if whiten else 1.0
        return cls(centre, (axes[kept] / scale).T)

    def apply(self, features: npt.NDArray[np.float32]) -> Table:
        """Return float64 [N, k]."""
        found: Table = (features - self.centre) @ self.axes
        return found
