"""One epoch step by step: a batch at a time is read, so memory is bounded, and progress is told.

Not by Keras' `fit`, which makes a data pipeline for each epoch: with it, on two cores, many epochs
of three seconds ended only after five.
"""

from collections.abc import Sequence

import keras
import numpy as np

from components.common.progress import report
from components.networks.data import Rows
from components.networks.network import as_fed
from components.train.loop.epochs import Epoch
from components.train.session import Score


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
    for number, part in enumerate(epoch.parts(batch), start=1):
        told = tail.train_on_batch(
            as_fed(part.inputs(sources)),
            part.targets,
            sample_weight=part.weights,
            return_dict=True,
        )
        # Keras takes the mean of a loss over pictures, of a weighted metric over their weights.
        losses.append((told["loss"], len(part.rows)))
        hits.append((told["categorical_accuracy"], float(part.weights.sum())))
        report("fine-tuning", steps_before + number, steps_in_all)
    return Score(_mean(losses), _mean(hits))


def _mean(weighed: Sequence[tuple[float, float]]) -> float:
    values, weights = zip(*weighed, strict=True)
    return float(np.average(values, weights=weights))
