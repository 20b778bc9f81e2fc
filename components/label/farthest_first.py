"""Which pictures to ask about: uncertain ones, unlike each other and unlike those asked before.

The weighted farthest-first traversal: the next picture is the one whose uncertainty times its
distance to the nearest picture already chosen is largest. With equal weights it is the greedy
2-approximation of k-center (Gonzalez 1985), which Sener and Savarese (ICLR 2018, arXiv 1708.00489)
choose training pictures by; the weights play the part that the gradient's length has in BADGE
(Ash et al., ICLR 2020, arXiv 1906.03671). Nothing is drawn, so equal logs give equal queues.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Of the typical (root mean square) distance between two pictures: below it they show the same.
NEAR_DUPLICATE = 0.05
# A sure answer is worth a little: what lies far off may be sure and wrong.
_LEAST_WEIGHT = 0.05


def uncertainties(scores: npt.NDArray[Any], kind: Literal["margin", "entropy"]) -> Floats:
    """Return how undecided the model is about each picture.

    Args:
        scores: [N, classes], rows sum to 1; rows that are not finite hold no answer.
        kind: `margin`, 1 - (best - second best), or `entropy`, over its largest value.

    Returns:
        float64 [N] in [0, 1]; 1 where there is no answer.
    """
    if scores.shape[1] < 2:
        return np.ones(len(scores))
    known = np.isfinite(scores).all(axis=1)
    clipped = np.clip(np.where(known[:, None], scores, 1.0), 1e-12, 1.0).astype(np.float64)
    if kind == "margin":
        best = np.sort(clipped, axis=1)
        values = 1.0 - (best[:, -1] - best[:, -2])
    else:
        values = -(clipped * np.log(clipped)).sum(axis=1) / np.log(scores.shape[1])
    return np.where(known, np.clip(values, 0.0, 1.0), 1.0)


def choose_farthest(
    features: Floats,
    uncertainty: Floats,
    *,
    count: int,
    before: Floats,
    first: npt.NDArray[np.bool_] | None = None,
) -> list[int]:
    """Return the rows to ask about, the most wanted first.

    Args:
        features: float64 [N, D], finite; each column on a scale of its own is fine.
        uncertainty: float64 [N] in [0, 1].
        count: how many at most; fewer come when the rest are near-duplicates.
        before: float64 [M, D], pictures that were asked about earlier.
        first: bool [N], pictures that come before all others.
    """
    if not len(features):
        return []
    scaled, earlier = _scaled(features, before)
    limit = NEAR_DUPLICATE * _typical_distance(scaled)
    weight = np.maximum(uncertainty, _LEAST_WEIGHT)
    lengths = np.einsum("nd,nd->n", scaled, scaled)
    nearest = np.full(len(scaled), np.inf)
    for row in earlier:
        nearest = np.minimum(nearest, _distances(scaled, lengths, row))
    chosen: list[int] = []
    while len(chosen) < count:
        open_rows = nearest > limit
        open_rows[chosen] = False
        if not open_rows.any():
            break
        if first is not None and (open_rows & first).any():
            open_rows &= first
        # Before anything is near, only the weight counts.
        worth = weight * np.where(np.isinf(nearest), 1.0, nearest)
        best = int(np.argmax(np.where(open_rows, worth, -1.0)))
        chosen.append(best)
        nearest = np.minimum(nearest, _distances(scaled, lengths, scaled[best]))
    return chosen


def _scaled(features: Floats, before: Floats) -> "tuple[Floats, Floats]":
    """Give every column mean 0 and deviation 1 over the pictures at hand."""
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    return (features - middle) / spread, (before.reshape(-1, features.shape[1]) - middle) / spread


def _distances(rows: Floats, lengths: Floats, point: Floats) -> Floats:
    """Return the distances to a point; `lengths` are the rows' squared norms."""
    squared = lengths + point @ point - 2.0 * (rows @ point)
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)), dtype=np.float64)


def _typical_distance(rows: Floats) -> float:
    """Return the root mean square distance; not the median, which a long burst would set."""
    return float(np.sqrt(2.0 * rows.var(axis=0).sum()))
