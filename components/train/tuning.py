"""Gradient training of the network's tail on cached activations."""

import logging
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import keras
import numpy as np
from pydantic import Field

from components.common.config import Section
from components.common.progress import report
from components.common.seeding import generator
from components.train.data import Floats, Rows, Split
from components.train.folding import Precision
from components.train.network import as_fed
from components.train.quick import quickened
from components.train.session import EpochScore, predict, score

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TuningOptions(Section):
    """Settings that every gradient method shares.

    epochs: passes over the training pictures, each in one view drawn at random.
    batch: pictures a step.
    learning_rate: the peak; cosine decay to zero after the warm-up.
    warm_up: share of the steps in which the rate climbs from zero.
    weight_decay: decoupled (AdamW), per step and unit of rate.
    clip_norm: gradients are scaled down to this global norm.
    keep: which weights are kept: of the epoch with the lowest validation loss ("best"), of the
        end ("last"), or the mean over the last half of the epochs ("average").
    """

    epochs: Annotated[int, Field(ge=1, le=1000)] = 8
    batch: Annotated[int, Field(ge=1, le=4096)] = 32
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 3e-5
    warm_up: Annotated[float, Field(ge=0, lt=1)] = 0.1
    weight_decay: Annotated[float, Field(ge=0, le=1)] = 1e-4
    clip_norm: Annotated[float, Field(gt=0)] = 1.0
    keep: Literal["best", "last", "average"] = "last"


@dataclass(frozen=True)
class TuningInputs:
    """What the tail is trained on: activations [rows, ...] beside the splits they belong to.

    One array an input of the tail, see `Network.boundary`.

    precision: what the tail's dense convolutions are computed in while it is trained.
    """

    train: Split
    train_inputs: tuple[Rows, ...]
    validation: Split
    validation_inputs: tuple[Rows, ...]
    precision: Precision = "float32"

    def validation_logits(self, tail: keras.Model) -> Floats:
        """Return the tail's answers for view 0 of the validation pictures."""
        return predict(tail, self.validation_inputs, rows=self.validation.pictures)


@dataclass(frozen=True)
class Tuned:
    """Outcome of one attempt. `diverged` says why, "" when it did not."""

    curves: tuple[EpochScore, ...]
    diverged: str


def freeze_norms(model: keras.Model) -> None:
    """Freeze every BatchNorm layer of a model by itself.

    Only `layer.trainable = False` keeps the moving statistics in `fit`; `training=False` in the
    call is overridden.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def tune(tail: keras.Model, inputs: TuningInputs, options: TuningOptions, *, seed: int) -> Tuned:
    """Train a tail in place with AdamW; stop when it diverges.

    Args:
        tail: activations -> logits; its trainable layers are trained.
        inputs: activations, targets, weights.
        options: see TuningOptions.
        seed: of the order and of the views.
    """
    steps = math.ceil(inputs.train.pictures / options.batch)
    # Over the same variables: what it learns, the tail has learnt.
    quick = quickened(tail, precision=inputs.precision)
    _compile((quick, tail), options, steps=steps * options.epochs)
    listener = _Steps(total=steps * options.epochs)
    rng = generator(seed, "tuning")
    keeper = _Keeper(tail, options)
    curves: list[EpochScore] = []
    for epoch in range(1, options.epochs + 1):
        history = _train_epoch(quick, inputs, options, rng=rng, listener=listener)
        judged = score(inputs.validation_logits(tail), inputs.validation)
        # The probe is the curves' first epoch.
        row = EpochScore(
            "finetune", 1 + epoch, history[0], judged.loss, history[1], judged.accuracy
        )
        curves.append(row)
        LOG.info("epoch %d: %s", epoch, row)
        if not (math.isfinite(row.train_loss) and math.isfinite(row.validation_loss)):
            return Tuned(tuple(curves), f"the loss was not finite in epoch {epoch}")
        keeper.note(row)
    keeper.restore()
    return Tuned(tuple(curves), "")


def _compile(models: tuple[keras.Model, ...], options: TuningOptions, *, steps: int) -> None:
    """Compile models over the same variables with one optimiser."""
    warm_up = round(steps * options.warm_up)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0 if warm_up else options.learning_rate,
        decay_steps=max(1, steps - warm_up),
        warmup_target=options.learning_rate if warm_up else None,
        warmup_steps=warm_up,
    )
    optimizer = keras.optimizers.AdamW(
        schedule, weight_decay=options.weight_decay, global_clipnorm=options.clip_norm
    )
    for model in models:
        model.compile(
            optimizer,
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
            weighted_metrics=["categorical_accuracy"],
        )


def _train_epoch(
    tail: keras.Model,
    inputs: TuningInputs,
    options: TuningOptions,
    *,
    rng: np.random.Generator,
    listener: "_Steps",
) -> tuple[float, float]:
    split = inputs.train
    rows = split.view_rows(rng.integers(split.views, size=split.pictures))
    order = rng.permutation(split.pictures)
    history = tail.fit(
        as_fed([np.asarray(part[rows[order]], np.float32) for part in inputs.train_inputs]),
        split.targets[order],
        sample_weight=split.weights[order],
        batch_size=options.batch,
        shuffle=False,
        verbose=0,
        callbacks=[listener],
    ).history
    return float(history["loss"][0]), float(history["categorical_accuracy"][0])


class _Steps(keras.callbacks.Callback):
    """Tells the progress listener of every batch."""

    def __init__(self, *, total: int) -> None:
        super().__init__()
        self._total = total
        self._done = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count one step."""
        del batch, logs
        self._done += 1
        report("fine-tuning", self._done, self._total)


class _Keeper:
    """Holds the weights that will be kept."""

    def __init__(self, tail: keras.Model, options: TuningOptions) -> None:
        self._tail = tail
        self._options = options
        self._best_loss = math.inf
        self._weights: list[Any] = []
        self._averaged = 0

    def note(self, row: EpochScore) -> None:
        """Look at the weights after an epoch."""
        if self._options.keep == "best" and row.validation_loss < self._best_loss:
            self._best_loss = row.validation_loss
            self._weights = self._tail.get_weights()
        if self._options.keep == "average" and 2 * (row.epoch - 1) > self._options.epochs:
            self._averaged += 1
            now = self._tail.get_weights()
            before = self._weights or now
            share = 1.0 / self._averaged
            self._weights = [(1 - share) * a + share * b for a, b in zip(before, now, strict=True)]

    def restore(self) -> None:
        """Put the kept weights into the tail."""
        if self._weights:
            self._tail.set_weights(self._weights)
