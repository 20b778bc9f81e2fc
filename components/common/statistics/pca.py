"""Principal components of embeddings."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.statistics.weighted import Floats

_NEGLIGIBLE = 1e-6  # of the largest deviation
# Rows that axes are learnt from, evenly spread, and rows that are taken along them at once: what
# becomes float64 does not grow with the pictures.
_ROWS = 20_000
_AT_ONCE = 4096


@dataclass(frozen=True)
class Components:
    """The first principal components.

    centre: float64 [D].
    axes: float64 [D, k], the longest first; of length 1, or divided by the deviation along them.
    """

    centre: Floats
    axes: Floats

    @classmethod
    def of(
        cls, features: npt.NDArray[np.float32], *, count: int, whiten: bool = False, seed: int = 0
    ) -> "Components":
        """Learn from float32 [N, D] of finite values, at least one row.

        Args:
            features: what varies.
            count: how many components at most; directions without spread are left out.
            whiten: scale them to a deviation of 1 each.
            seed: of the random projection that finds them.
        """
        from sklearn.utils.extmath import randomized_svd

        values = features[:: 1 + (len(features) - 1) // _ROWS].astype(np.float64)
        centre = values.mean(axis=0)
        wanted = min(count, *values.shape)
        values -= centre
        _, sizes, axes = randomized_svd(values, wanted, random_state=seed)
        deviations = sizes / np.sqrt(max(1, len(values) - 1))
        kept = deviations > _NEGLIGIBLE * max(float(deviations.max(initial=0.0)), 1e-9)
        scale = deviations[kept, None] if whiten else 1.0
        return cls(centre, (axes[kept] / scale).T)

    def apply(self, features: npt.NDArray[np.float32]) -> Floats:
        """Return float64 [N, k] for float32 [N, D]; rows with NaN stay NaN."""
        starts = range(0, max(1, len(features)), _AT_ONCE)
        return np.concatenate(
            [(features[first : first + _AT_ONCE] - self.centre) @ self.axes for first in starts]
        )
