"""Whitening: directions in which pictures vary most count less.

What varies most is seldom what is asked for: stroke width, brightness, where something lies. The
statistics may be those of other pictures; where the ones at hand are few they have to be.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.statistics.pca import Components

Floats = npt.NDArray[np.float32]

# More directions than that are not whitened: their covariance would take minutes.
_MOST_DIRECTIONS = 1024


@dataclass(frozen=True)
class Whitening:
    """An affine map: whitened = (features - centre) @ axes.

    centre: float32 [D]. axes: float32 [D, k]; symmetric where k = D.
    """

    centre: Floats
    axes: Floats

    def apply(self, features: npt.NDArray[Any]) -> Floats:
        """Return float32 [N, k] for [N, D]."""
        found: Floats = np.asarray(features, np.float32) @ self.axes - self.centre @ self.axes
        return found


def learn_whitening(features: npt.NDArray[Any], *, floor: float) -> Whitening:
    """Return (covariance + floor * mean variance * identity)^(-1/2), the ZCA of features [N, D].

    Bell and Sejnowski 1997, Vision Research 37:3327; the floor keeps rare directions from being
    blown up, which few pictures know nothing of. A large one damps the strongest alone.
    """
    values = np.asarray(features, np.float64)
    centre = values.mean(axis=0)
    basis = np.eye(values.shape[1])
    if len(basis) > _MOST_DIRECTIONS:
        basis = Components.of(values.astype(np.float32), count=_MOST_DIRECTIONS).axes
    rows = (values - centre) @ basis
    covariance = rows.T @ rows / max(1, len(rows) - 1)
    sizes, axes = np.linalg.eigh(covariance)
    loaded = np.maximum(sizes, 0.0) + max(floor * float(np.mean(sizes)), 1e-12)
    scaled = (axes / np.sqrt(loaded)) @ axes.T
    return Whitening(centre.astype(np.float32), (basis @ scaled).astype(np.float32))
