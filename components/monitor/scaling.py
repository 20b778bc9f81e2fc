"""Statistics and embeddings on scales that detectors can compare."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.picture_statistics import STATISTICS

Table = npt.NDArray[np.float64]

# What light and lens scale, rather than shift: a factor becomes a difference.
_SCALED = ("mean", "deviation", "dark", "bright", "sharpness", "grain")
_IS_SCALED = np.array([name in _SCALED for name in STATISTICS])
_IS_CLIPPED = np.array([name == "clipped" for name in STATISTICS])
_TINY = 1e-9


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
