"""Gradient training of the network's tail on cached activations."""

import dataclasses
import logging
import math
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from components.common.progress import report
from components.common.seeding import generator
from components.networks.accelerator import gpus
from components.networks.config import Precision
from components.networks.data import Split
from components.networks.fast.training_copy import quickened
from components.networks.fresh import VIEWS, FreshViews, fresh_views
from components.networks.memory import halving_batch
from components.networks.rows import FlippedPixels, Floats, Rows
from components.train.loop.checkpoints import (
    Arrays,
    Checkpoint,
    Standing,
    assign_all,
    values_of,
)
from components.train.loop.epochs import cut_mix, draw_epoch, mix, train_epoch
from components.train.loop.jax_epoch import RunEpoch, compiled_epoch
from components.train.loop.losses import Loss, categorical_accuracy, cross_entropy
from components.train.loop.optimizer import (
    LayerwiseAdamW,
    Treatment,
    Treatments,
    WarmedUpCosine,
    treatments_of,
)
from components.train.options import PixelOptions, TuningOptions
from components.train.session import EpochScore, Score, predict, score

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class TuningInputs:
    """What the tail is trained on: activations [rows, ...] beside the splits they belong to.

    One array an input of the tail, see `Network.boundary`; no validation under cross-validation.

    precision: what the tail's dense convolutions are computed in while it is trained.
    taught: float32 [rows of train, classes], a teacher's answers for `TaughtLoss`; None without.
    unlabelled: the last so many pictures of `train` have no label.
    """

    train: Split
    train_inputs: tuple[Rows, ...]
    validation: Split
    validation_inputs: tuple[Rows, ...]
    precision: Precision = "float32"
    taught: Floats | None = None
    unlabelled: int = 0

    @property
    def fresh(self) -> FreshViews | None:
        """Views made for each epoch, where pixels are trained on and nothing knows stored views.

        On JAX an epoch is one program over what lies on the device: it draws stored ones.
        """
        (first, *others) = self.train_inputs
        pixels = isinstance(first, FlippedPixels) and first.flip == (False, False)
        if others or not pixels or self.taught is not None or keras.backend.backend() == "jax":
            return None
        return fresh_views(self.train)

    @property
    def held_out(self) -> bool:
        """Whether there are pictures that training does not see."""
        return self.validation.pictures > 0

    @property
    def watched(self) -> Split:
        """What training is watched on: held-out pictures, or else labelled ones that it sees."""
        if self.held_out or not self.unlabelled:
            return self.validation if self.held_out else self.train
        return self.train.select(np.arange(self.train.pictures - self.unlabelled))

    def watched_logits(self, tail: keras.Model) -> Floats:
        """Return the tail's answers for view 0 of the watched pictures."""
        fed = self.validation_inputs if self.held_out else self.train_inputs
        return predict(tail, fed, rows=self.watched.pictures)

    def validation_score(self, tail: keras.Model) -> Score:
        """Return how the tail scores on the validation pictures, NaN without any."""
        if not self.held_out:
            return Score(math.nan, math.nan)
        return score(self.watched_logits(tail), self.validation)


@dataclass(frozen=True)
class Tuned:
    """Outcome of one attempt. `diverged` says why, "" when it did not."""

    curves: tuple[EpochScore, ...]
    diverged: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Course:
    """What a method decides of a training, besides the options.

    phase: name in the learning curves.
    first_epoch: number of the first epoch in the curves; the probe is epoch 1.
    treat: how each layer is trained; None trains all alike, with the options' decay.
    blend: how much of the way to the tuned weights is kept, see `TransferOptions`.
    checkpoint: where the training stands after each epoch.
    loss: what is minimised.
    """

    phase: str = "finetune"
    first_epoch: int = 2
    treat: Treatments | None = None
    blend: float = 1.0
    checkpoint: Checkpoint = Checkpoint()
    loss: Loss = cross_entropy


def freeze_norms(model: keras.Model) -> None:
    """Freeze every BatchNorm layer of a model by itself.

    Only `layer.trainable = False` keeps the moving statistics in `fit`; `training=False` in the
    call is overridden.
    """
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False


def tune(
    tail: keras.Model,
    inputs: TuningInputs,
    options: TuningOptions,
    *,
    seed: int,
    course: Course | None = None,
) -> Tuned:
    """Train a tail in place with AdamW; stop when it diverges or no longer gets better.

    A killed training goes on after its last finished epoch; out of memory halves the batch.

    Args:
        tail: activations -> logits; its trainable layers are trained.
        inputs: activations, targets, weights.
        options: see TuningOptions.
        seed: of the order and of the views.
        course: see Course.
    """
    start = values_of(tail.variables)
    course = course or Course()
    stood = course.checkpoint.read()
    asked = stood.batch if stood else options.batch

    def attempt(batch: int) -> Tuned:
        assign_all(tail.variables, start)
        settings = dataclasses.replace(options, batch=batch)
        training = _Training(tail, inputs, settings, seed=seed, course=course)
        tuned = training.run(stood if batch == asked else None)
        if batch == options.batch:
            return tuned
        note = f"out of memory at {options.batch} pictures a step, trained with {batch}"
        return dataclasses.replace(tuned, notes=(note,))

    return halving_batch(attempt, asked)


class _Training:
    """One run through the epochs, from the beginning or from where it stood."""

    def __init__(
        self,
        tail: keras.Model,
        inputs: TuningInputs,
        options: TuningOptions,
        *,
        seed: int,
        course: Course,
    ) -> None:
        self._tail = tail
        self._program = _program(tail, options, course, precision=inputs.precision)
        self._quick = self._program.quick
        self._inputs = inputs
        asked = isinstance(options, PixelOptions) and options.fresh_views
        self._fresh = inputs.fresh if asked else None
        self._options = options
        self._seed = seed
        self._course = course
        self._steps = options.epochs * math.ceil(inputs.train.pictures / options.batch)
        self._rng = generator(seed, "tuning")
        self._best: Arrays = []
        self._curves: list[EpochScore] = []

    def run(self, stood: Standing | None) -> Tuned:
        """Train until the end, a stall or a loss that is not finite."""
        options, course = self._options, self._course
        optimizer = self._program.restarted(options, steps=self._steps)
        if stood is not None:
            self._take_up(stood, optimizer)
        whole_epoch = compiled_epoch(
            self._quick,
            optimizer,
            self._inputs.train_inputs,
            batch=options.batch,
            loss=course.loss,
        )
        while len(self._curves) < options.epochs and not _stalled(self._curves, options.patience):
            row = self._epoch(whole_epoch)
            if not (math.isfinite(row.train_loss) and math.isfinite(row.judged_loss)):
                why = f"the loss was not finite in epoch {len(self._curves)}"
                return Tuned(tuple(self._curves), why)
            course.checkpoint.write(self._standing(optimizer))
        if self._best:
            self._tail.set_weights(self._best)
        return Tuned(tuple(self._curves), "")

    def _epoch(self, whole_epoch: RunEpoch | None) -> EpochScore:
        """Train for one epoch, score it, note it."""
        number = len(self._curves) + 1
        epoch = draw_epoch(
            self._inputs.train,
            rng=self._rng,
            taught=self._inputs.taught,
            views=VIEWS if self._fresh else 0,
        )
        options = self._options
        if isinstance(options, PixelOptions) and options.cutmix:
            size_px, rng = (
                self._tail.inputs[0].shape[1],
                generator(self._seed, "cutmix", str(number)),
            )
            epoch = cut_mix(epoch, options.cutmix, size_px=size_px, rng=rng)
        elif options.mixup:
            rng = generator(self._seed, "mixup", str(number))
            epoch = mix(epoch, options.mixup, rng=rng)
        tail, inputs = self._tail, self._inputs
        if whole_epoch is None:
            trained = train_epoch(
                self._quick,
                (self._fresh,) if self._fresh else inputs.train_inputs,
                epoch,
                batch=self._options.batch,
                steps_before=(number - 1) * self._steps // self._options.epochs,
                steps_in_all=self._steps,
            )
        else:
            trained = whole_epoch(epoch)
            report("fine-tuning", number * self._steps // self._options.epochs, self._steps)
        judged = inputs.validation_score(tail)
        row = EpochScore(
            self._course.phase,
            self._course.first_epoch + number - 1,
            trained.loss,
            judged.loss,
            trained.accuracy,
            judged.accuracy,
        )
        lower = all(row.judged_loss < earlier.judged_loss for earlier in self._curves)
        if self._options.keep == "best" and lower:
            self._best = tail.get_weights()
        self._curves.append(row)
        LOG.info("epoch %d: %s", number, row)
        return row

    def _standing(self, optimizer: LayerwiseAdamW) -> Standing:
        return Standing(
            curves=tuple(self._curves),
            batch=self._options.batch,
            rng=dict(self._rng.bit_generator.state),
            tail=values_of(self._tail.variables),
            optimizer=values_of(optimizer.variables),
            best=self._best,
        )

    def _take_up(self, stood: Standing, optimizer: LayerwiseAdamW) -> None:
        """Go on from a standing if it is of these variables; another version may differ."""
        variables = [*self._tail.variables, *optimizer.variables]
        values = [*stood.tail, *stood.optimizer]
        if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
            LOG.warning("what was left of an earlier run is of another version: starting again")
            return
        assign_all(variables, values)
        self._rng.bit_generator.state = stood.rng
        self._best = stood.best
        self._curves = list(stood.curves)
        LOG.info("going on after epoch %d of a run that was stopped", len(self._curves))


def _stalled(curves: Sequence[EpochScore], patience: int) -> bool:
    """Say whether the last `patience` epochs brought no lower loss; 0 never does."""
    losses = [row.judged_loss for row in curves]
    return 0 < patience < len(losses) and min(losses[-patience:]) >= min(losses[:-patience])


@dataclass(frozen=True)
class _Program:
    """What takes the steps, and is compiled at the first one.

    quick: trains the variables of the tail: what it learns, the tail has learnt.
    """

    quick: keras.Model
    optimizer: LayerwiseAdamW
    schedule: WarmedUpCosine

    def restarted(self, options: TuningOptions, *, steps: int) -> LayerwiseAdamW:
        """Return the optimiser as it is before the first of so many steps."""
        self.schedule.plan(rate=options.learning_rate, steps=steps, warm_up=options.warm_up)
        self.optimizer.restart()
        return self.optimizer


# By tail, for as long as there is the tail: folds and attempts that train the same variables in the
# same way share the compiled step.
_PROGRAMS: weakref.WeakKeyDictionary[keras.Model, dict[Any, _Program]] = weakref.WeakKeyDictionary()


def _program(
    tail: keras.Model, options: TuningOptions, course: Course, *, precision: Precision
) -> _Program:
    """Return what trains a tail; TensorFlow's compiled steps are kept for the next time."""
    alike = Treatment(decay=options.weight_decay)
    treatments = treatments_of(tail, course.treat or (lambda _: alike))
    layers = tail._flatten_layers(include_self=False)
    learning = tuple((id(layer), layer.trainable) for layer in layers)
    key = (learning, treatments, options.clip_norm, precision, course.loss)
    # On other back ends a compiled step holds the schedule's numbers as constants.
    lasting = keras.backend.backend() == "tensorflow"
    kept = _PROGRAMS.setdefault(tail, {}) if lasting else {}
    if key not in kept:
        schedule = WarmedUpCosine()
        optimizer = LayerwiseAdamW(schedule, treatments=treatments, clip_norm=options.clip_norm)
        optimizer.build(tail.trainable_variables)
        quick = quickened(tail, precision=precision, on_gpu=bool(gpus()))
        quick.compile(
            optimizer,
            loss=course.loss,
            weighted_metrics=[categorical_accuracy],
        )
        kept[key] = _Program(quick, optimizer, schedule)
    return kept[key]
