"""Rows in as many coordinates as there are rows, where they have more features than that."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from components.networks.probe.blocks import BLOCK_BYTES
from components.networks.rows import Floats, forget_rows

# Of the mean square of a row: rows that repeat each other leave the factor positive definite.
_JITTER = 1e-6


@dataclass(frozen=True)
class Span:
    """The space that rows span, in which every penalised linear solution for them lies.

    With X X^T = L L^T and X = L Q, Q with orthonormal rows: L holds the rows in the coordinates of
    Q, and all inner products, so the penalty as well, are kept. Any part of the rows has its
    solution in the same coordinates.

    features: float32 [N, D].
    coordinates: float32 [N, min(N, D)].
    factor: L, float64 [N, N]; None where the features are the coordinates.
    """

    features: Floats
    coordinates: Floats
    factor: npt.NDArray[np.float64] | None = None

    @classmethod
    def of(cls, features: Floats) -> "Span":
        """Return the span of rows [N, D]."""
        count, wide = features.shape
        if count >= wide:
            return cls(features, features)
        products = np.zeros((count, count))
        for columns in _columns(features):
            exact = features[:, columns].astype(np.float64)
            products += exact @ exact.T
        products.flat[:: count + 1] += _JITTER * np.trace(products) / count + np.finfo(float).tiny
        factor = np.linalg.cholesky(products).astype(np.float64, copy=False)
        return cls(features, factor.astype(np.float32), factor)

    def kernel(self, along: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return a solution [min(N, D), classes] as weights of the features, [D, classes]."""
        if self.factor is None:
            return along
        shares = solve_triangular(self.factor, along, lower=True, trans="T")
        return np.concatenate(
            [self.features[:, columns].T @ shares for columns in _columns(self.features)]
        )


def _columns(features: Floats) -> Iterator[slice]:
    """Yield the columns of each part that is a block as float64; the pages behind are forgotten."""
    count, wide = features.shape
    step = max(1, BLOCK_BYTES // (8 * count))
    for first in range(0, wide, step):
        yield slice(first, first + step)
        forget_rows(features)
