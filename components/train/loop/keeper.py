"""Which of the weights that a training passes through are kept, and when it may stop."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras

from components.train.loop.checkpoints import assign_all, values_of
from components.train.loop.optimizer import LayerwiseAdamW
from components.train.options import Keep
from components.train.session import EpochScore


class Keeper:
    """Holds the weights that will be kept; `kept` is set by one who goes on after a kill."""

    def __init__(self, tail: keras.Model, keep: Keep, *, epochs: int) -> None:
        self._tail = tail
        self._keep = keep
        self._epochs = epochs
        self.kept: list[Any] = []

    def note(self, curves: Sequence[EpochScore]) -> None:
        """Look at the weights after an epoch, the last one of the curves."""
        if self._keep == "best" and _is_best(curves):
            self.kept = self._tail.get_weights()
        averaged = len(curves) - self._epochs // 2
        if self._keep == "average" and averaged > 0:
            now = self._tail.get_weights()
            share = 1.0 / averaged
            before = self.kept or now
            self.kept = [(1 - share) * a + share * b for a, b in zip(before, now, strict=True)]

    def restore(self, optimizer: LayerwiseAdamW) -> None:
        """Put the kept weights into the tail, or the last ones' average where there is one."""
        if self.kept:
            self._tail.set_weights(self.kept)
        elif averages := optimizer.averages():
            assign_all(self._tail.trainable_variables, averages)


def stalled(curves: Sequence[EpochScore], patience: int) -> bool:
    """Say whether the last `patience` epochs brought no lower validation loss; 0 never does."""
    losses = [row.validation_loss for row in curves]
    return 0 < patience < len(losses) and min(losses[-patience:]) >= min(losses[:-patience])


@contextlib.contextmanager
def averaged(tail: keras.Model, optimizer: LayerwiseAdamW) -> Iterator[None]:
    """Answer with the moving average of the weights inside the block, where there is one."""
    averages = optimizer.averages()
    if not averages:
        yield
        return
    live = values_of(tail.trainable_variables)
    assign_all(tail.trainable_variables, averages)
    try:
        yield
    finally:
        assign_all(tail.trainable_variables, live)


def _is_best(curves: Sequence[EpochScore]) -> bool:
    earlier = [row.validation_loss for row in curves[:-1]]
    return all(curves[-1].validation_loss < loss for loss in earlier)
