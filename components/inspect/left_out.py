"""What the other pictures say of a picture: kernel regression with pictures or groups left out.

Least squares with a Gaussian kernel on the embeddings (Rasmussen and Williams 2006, ch. 2.2 and
5.4.2). One inverse answers every picture as if it, or its whole group, had never been there; folds
would have to be fitted one by one, and know less. It finds flipped labels better than cleanlab on
a linear probe's folds (docs/results.md, "Label errors").
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.progress import track
from components.common.statistics.clusters import clusters
from components.common.statistics.weighted import Floats, Integers
from components.networks.probe.probe import feature_scale

# The inverse takes this many rows cubed: of more pictures, parts are looked at one by one.
_MOST_ROWS = 4000
# Added to the kernel's diagonal; chosen on the demo, by other flips than the benchmark's.
_NOISE = 0.5


@dataclass(frozen=True)
class _Inverted:
    """Some pictures: positions int [n], and the inverse of their kernel, float32 [n, n]."""

    rows: Integers
    inverse: npt.NDArray[np.float32]


@dataclass(frozen=True)
class LeaveOneOut:
    """Answers about pictures that were left out, whatever the labels."""

    parts: tuple[_Inverted, ...]

    @classmethod
    def of(cls, embeddings: npt.NDArray[np.float32]) -> "LeaveOneOut":
        """Take embeddings [N, D]."""
        count = max(1, -(-len(embeddings) // _MOST_ROWS))
        scale = feature_scale(embeddings)
        return cls(
            tuple(
                _part(embeddings, np.arange(first, len(embeddings), count), scale)
                for first in track(range(count), "comparing the pictures")
            )
        )

    def scores(self, labels: Integers, groups: list[str], *, classes: int) -> Floats:
        """Return how much the pictures outside a picture's group speak for each class.

        Args:
            labels: int [N].
            groups: N names; "" for a picture that is a group of its own.
            classes: how many there are.

        Returns:
            float64 [N, classes], rows sum to about 1; the largest names the class.
        """
        targets, group = np.eye(classes)[labels], clusters(groups)
        scores = np.empty_like(targets)
        for part in self.parts:
            prior = targets[part.rows].mean(axis=0)
            known = targets[part.rows] - prior
            scores[part.rows] = prior + _without(part.inverse, known, group[part.rows])
        return scores


def _part(embeddings: npt.NDArray[np.float32], rows: Integers, scale: Floats) -> _Inverted:
    import scipy.linalg

    scaled = embeddings[rows].astype(np.float64)
    scaled -= scaled.mean(axis=0)
    scaled *= scale
    scaled /= np.maximum(np.linalg.norm(scaled, axis=1, keepdims=True), 1e-12)
    # In place: each of these matrices takes 128 MB. Squared distances, then their kernel.
    kernel = scaled @ scaled.T
    kernel *= -2.0
    kernel += 2.0
    np.maximum(kernel, 0.0, out=kernel)
    kernel /= -max(float(np.median(kernel)), 1e-12)
    np.exp(kernel, out=kernel)
    kernel.flat[:: len(rows) + 1] += _NOISE
    inverse = scipy.linalg.inv(kernel, overwrite_a=True)
    return _Inverted(rows, inverse.astype(np.float32))


def _without(inverse: npt.NDArray[np.float32], targets: Floats, group: Integers) -> Floats:
    """Return what is predicted of each row from the rows outside its group."""
    weights = (inverse @ targets.astype(np.float32)).astype(np.float64)
    said = targets - weights / np.diag(inverse)[:, None]
    order = np.argsort(group, kind="stable")
    bounds = np.flatnonzero(np.diff(group[order])) + 1
    for rows in np.split(order, bounds):
        if len(rows) > 1:
            mine = inverse[np.ix_(rows, rows)].astype(np.float64)
            said[rows] = targets[rows] - np.linalg.solve(mine, weights[rows])
    answers: Floats = said
    return answers
