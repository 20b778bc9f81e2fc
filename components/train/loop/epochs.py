"""What one epoch is made of: which row of each picture, in which order, mixed with which other."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.networks.data import Floats, Rows, Split


@dataclass(frozen=True)
class Epoch:
    """One pass over the training pictures, in the order in which they are seen.

    rows: int [N], positions in the split's pixels and activations.
    targets: float32 [N, classes]; weights: float32 [N].
    partners: int [N], rows that are mixed in; None without mixup.
    shares: float32 [N] in [0, 1], how much of the row itself is left; empty without mixup.
    """

    rows: npt.NDArray[np.int64]
    targets: Floats
    weights: Floats
    partners: npt.NDArray[np.int64] | None
    shares: Floats

    def inputs(self, sources: Sequence[Rows]) -> list[npt.NDArray[Any]]:
        """Return what the tail is fed with, one float32 [N, ...] a source."""
        return [self._mixed(source) for source in sources]

    def parts(self, rows: int) -> Iterator["Epoch"]:
        """Yield the epoch in pieces of so many pictures; the last one may be smaller."""
        for first in range(0, len(self.rows), rows):
            here = slice(first, first + rows)
            yield dataclasses.replace(
                self,
                rows=self.rows[here],
                targets=self.targets[here],
                weights=self.weights[here],
                partners=None if self.partners is None else self.partners[here],
                shares=self.shares[here],
            )

    def _mixed(self, source: Rows) -> npt.NDArray[Any]:
        own = np.asarray(source[self.rows], np.float32)
        if self.partners is None:
            return own
        shares = self.shares.reshape(-1, *[1] * (own.ndim - 1))
        own *= shares
        own += (1 - shares) * np.asarray(source[self.partners], np.float32)
        return own


def draw_epoch(split: Split, targets: Floats, *, rng: np.random.Generator) -> Epoch:
    """Draw one view of every picture, and an order.

    Args:
        split: views and weights.
        targets: float32 [pictures, classes], see `smoothed`.
        rng: advances.
    """
    rows = split.view_rows(rng.integers(split.views, size=split.pictures))
    order = rng.permutation(split.pictures)
    nothing = np.empty(0, np.float32)
    return Epoch(rows[order], targets[order], split.weights[order], None, nothing)


def mix(epoch: Epoch, alpha: float, *, rng: np.random.Generator) -> Epoch:
    """Mix every picture with another one (mixup, Zhang et al. 2018, arXiv:1710.09412).

    x = s x_i + (1 - s) x_j, the same for the targets, s ~ Beta(alpha, alpha). Where x are cached
    activations this is manifold mixup (Verma et al. 2019, arXiv:1806.05236) at the cut alone.
    """
    count = len(epoch.rows)
    other = rng.permutation(count)
    shares = rng.beta(alpha, alpha, size=count).astype(np.float32)
    column = shares[:, None]
    return Epoch(
        epoch.rows,
        column * epoch.targets + (1 - column) * epoch.targets[other],
        shares * epoch.weights + (1 - shares) * epoch.weights[other],
        epoch.rows[other],
        shares,
    )


def smoothed(targets: Floats, amount: float) -> Floats:
    """Return targets with a share of the uniform distribution (Szegedy 2016, arXiv:1512.00567)."""
    mixed: Floats = (1 - amount) * targets + np.float32(amount / targets.shape[1])
    return mixed.astype(np.float32)
