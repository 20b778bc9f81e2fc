"""One epoch through Keras' own `fit`, in bounded memory, with progress."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from components.common.progress import report
from components.train.data import Rows
from components.train.epochs import Epoch
from components.train.network import as_fed
from components.train.session import Score

# What is fed as float32 at a time, however many pictures there are; mixup takes thrice as much.
BYTES_AT_ONCE = 1 << 30


class Steps(keras.callbacks.Callback):
    """Tells the progress listener of every batch. `total` and `done` count all epochs' steps."""

    def __init__(self, *, total: int) -> None:
        super().__init__()
        self._total = total
        self.done = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count one step."""
        del batch, logs
        self.done += 1
        report("fine-tuning", self.done, self._total)


def train_epoch(
    tail: keras.Model, sources: Sequence[Rows], epoch: Epoch, batch: int, listener: Steps
) -> Score:
    """Train a compiled tail on one epoch, in its order, and return how it scored meanwhile.

    Args:
        tail: activations -> logits.
        sources: what the tail is fed from, one an input.
        epoch: which rows, with which targets and weights.
        batch: pictures a step.
        listener: hears of every step.
    """
    losses, hits = [], []
    for part in epoch.parts(rows_at_once(sources, batch)):
        history = tail.fit(
            as_fed(part.inputs(sources)),
            part.targets,
            sample_weight=part.weights,
            batch_size=batch,
            shuffle=False,
            verbose=0,
            callbacks=[listener],
        ).history
        # Keras takes the mean of a loss over pictures, of a weighted metric over their weights.
        losses.append((history["loss"][0], len(part.rows)))
        hits.append((history["categorical_accuracy"][0], float(part.weights.sum())))
    return Score(_mean(losses), _mean(hits))


def rows_at_once(sources: Sequence[Rows], batch: int) -> int:
    """Return how many pictures, in whole batches, fit into BYTES_AT_ONCE; at least one batch."""
    row_bytes = sum(np.asarray(source[:1]).size for source in sources) * 4
    return max(1, BYTES_AT_ONCE // (row_bytes * batch)) * batch


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    values, weights = zip(*weighed, strict=True)
    return float(np.average(values, weights=weights))
