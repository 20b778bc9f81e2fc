"""One epoch: which row of each picture, in which order, mixed with which other; and its steps.

A batch at a time is read, so memory is bounded. The steps are not those of Keras' `fit`, which
makes a data pipeline for each epoch: with it, on two cores, many epochs of three seconds ended only
after five.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common.progress import report
from components.networks.data import Split
from components.networks.network import as_fed
from components.networks.rows import Floats, Rows, forget_rows
from components.train.session import Score


@dataclass(frozen=True)
class Epoch:
    """One pass over the training pictures, in the order in which they are seen.

    rows: int [N], positions in the split's pixels and activations.
    targets: float32 [N, classes], with a teacher [N, 2 * classes]; weights: float32 [N].
    partners: int [N], rows that are mixed in; None without mixup.
    shares: float32 [N] in [0, 1], how much of the row itself is left; empty without mixup.
    boxes: int [N, 4], top, bottom, left, right of what is pasted from the partner, for CutMix; None
        where partners are mixed in all over.
    """

    rows: npt.NDArray[np.int64]
    targets: Floats
    weights: Floats
    partners: npt.NDArray[np.int64] | None
    shares: Floats
    boxes: npt.NDArray[np.int64] | None = None

    def inputs(self, sources: Sequence[Rows]) -> list[npt.NDArray[Any]]:
        """Return what the tail is fed with, one float32 [N, ...] a source."""
        taken = [np.asarray(source[self.rows], np.float32) for source in sources]
        if self.boxes is not None:
            for own, source in zip(taken, sources, strict=True):
                other = np.asarray(source[self.partners], np.float32)
                for row, (top, bottom, left, right) in enumerate(self.boxes):
                    own[row, top:bottom, left:right] = other[row, top:bottom, left:right]
        elif self.partners is not None:
            for own, source in zip(taken, sources, strict=True):
                shares = self.shares.reshape(-1, *[1] * (own.ndim - 1))
                own *= shares
                own += (1 - shares) * np.asarray(source[self.partners], np.float32)
        return taken

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
                boxes=None if self.boxes is None else self.boxes[here],
            )

    def filled(self, rows: int) -> "Epoch":
        """Return so many pictures, the first ones again, that train as these do.

        A mean over all of them is that over these: the copies weigh nothing, these so much more.
        """
        own = len(self.rows)
        if own == rows:
            return self
        taken = np.resize(np.arange(own), rows)
        weights = np.zeros(rows, self.weights.dtype)
        weights[:own] = self.weights * (rows / own)
        return dataclasses.replace(
            self,
            rows=self.rows[taken],
            targets=self.targets[taken],
            weights=weights,
            partners=None if self.partners is None else self.partners[taken],
            shares=self.shares[taken] if len(self.shares) else self.shares,
            boxes=None if self.boxes is None else self.boxes[taken],
        )


def draw_epoch(
    split: Split,
    *,
    rng: np.random.Generator,
    taught: Floats | None = None,
    views: int = 0,
) -> Epoch:
    """Draw one view of every picture, and an order; the generator advances.

    Args:
        split: the pictures.
        rng: of the views and the order.
        taught: a teacher's answers to each row, [rows, classes]: that to the drawn view stands in
            the targets behind the label's.
        views: how many to draw from; 0 means those that are stored.
    """
    rows = split.view_rows(rng.integers(views or split.views, size=split.pictures))
    order = rng.permutation(split.pictures)
    nothing = np.empty(0, np.float32)
    targets = split.targets
    if taught is not None:
        targets = np.concatenate([targets, taught[rows]], axis=1)
    return Epoch(rows[order], targets[order], split.weights[order], None, nothing)


def mix(epoch: Epoch, alpha: float, *, rng: np.random.Generator) -> Epoch:
    """Mix every picture with another one (mixup, Zhang et al. 2018, arXiv:1710.09412).

    x = s x_i + (1 - s) x_j, the same for the targets, s ~ Beta(alpha, alpha). Where x are cached
    activations this is manifold mixup (Verma et al. 2019, arXiv:1806.05236) at the cut alone.
    """
    count = len(epoch.rows)
    other = rng.permutation(count)
    shares = rng.beta(alpha, alpha, size=count).astype(np.float32)
    return _shared(epoch, other, shares)


def cut_mix(epoch: Epoch, alpha: float, *, size_px: int, rng: np.random.Generator) -> Epoch:
    """Paste a rectangle of another picture into each (CutMix, Yun et al. 2019, arXiv:1905.04899).

    Its area is 1 - Beta(alpha, alpha) of the picture, its middle anywhere, cut off at the border;
    targets and weights are shared by the area that is left.
    """
    count = len(epoch.rows)
    other = rng.permutation(count)
    edge = size_px * np.sqrt(1 - rng.beta(alpha, alpha, size=(count, 1)))
    middle = rng.uniform(0, size_px, size=(count, 2))
    first = np.clip(np.rint(middle - edge / 2), 0, size_px).astype(np.int64)
    last = np.clip(np.rint(middle + edge / 2), 0, size_px).astype(np.int64)
    shares = (1 - np.prod(last - first, axis=1) / size_px**2).astype(np.float32)
    boxes = np.stack([first[:, 0], last[:, 0], first[:, 1], last[:, 1]], axis=1)
    return dataclasses.replace(_shared(epoch, other, shares), boxes=boxes)


def _shared(epoch: Epoch, other: npt.NDArray[np.int64], shares: Floats) -> Epoch:
    """Return an epoch whose targets and weights are shared with others of its pictures."""
    column = shares[:, None]
    return Epoch(
        epoch.rows,
        column * epoch.targets + (1 - column) * epoch.targets[other],
        shares * epoch.weights + (1 - shares) * epoch.weights[other],
        epoch.rows[other],
        shares,
    )


def train_epoch(
    tail: keras.Model,
    sources: Sequence[Rows],
    epoch: Epoch,
    *,
    batch: int,
    steps_before: int,
    steps_in_all: int,
) -> Score:
    """Train a compiled tail on one epoch, in its order, and return how it scored meanwhile.

    Args:
        tail: activations -> logits.
        sources: what the tail is fed from, one an input.
        epoch: which rows, with which targets and weights.
        batch: pictures a step.
        steps_before: of earlier epochs, for the progress listener.
        steps_in_all: of all epochs.
    """
    losses, hits = [], []
    # Another number of pictures in the last step would be compiled once more, which takes as long
    # as many steps. Not where a batch's statistics are the network's: they would hold the copies.
    size = 1 if _normalises_by_batch(tail) else min(batch, len(epoch.rows))
    for number, part in enumerate(epoch.parts(batch), start=1):
        fed = part.filled(max(size, len(part.rows)))
        inputs = fed.inputs(sources)
        for source in sources:
            forget_rows(source)
        answered = tail.train_on_batch(
            as_fed(inputs),
            fed.targets,
            sample_weight=fed.weights,
            return_dict=True,
        )
        # Keras takes the mean of a loss over pictures, of a weighted metric over their weights.
        losses.append((answered["loss"], len(part.rows)))
        hits.append((answered["categorical_accuracy"], float(part.weights.sum())))
        report("fine-tuning", steps_before + number, steps_in_all)
    return Score(_mean(losses), _mean(hits))


def _normalises_by_batch(tail: keras.Model) -> bool:
    return any(
        isinstance(layer, keras.layers.BatchNormalization) and layer.trainable
        for layer in tail._flatten_layers(include_self=False)
    )


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    values, weights = zip(*weighed, strict=True)
    return float(np.average(values, weights=weights))
