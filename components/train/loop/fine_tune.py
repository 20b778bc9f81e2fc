"""Gradient training of the network's tail on cached activations."""

import dataclasses
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras

from components.common.progress import report
from components.common.seeding import generator
from components.networks.fresh import VIEWS
from components.networks.memory import halving_batch
from components.train.loop.checkpoints import Arrays, Checkpoint, Standing, assign_all, values_of
from components.train.loop.epochs import cut_mix, draw_epoch, mix, train_epoch
from components.train.loop.inputs import TuningInputs
from components.train.loop.jax_epoch import RunEpoch, compiled_epoch
from components.train.loop.losses import Loss, cross_entropy
from components.train.loop.optimizer import LayerwiseAdamW, Treatments
from components.train.loop.program import program_of
from components.train.options import PixelOptions, TuningOptions
from components.train.session import EpochScore

LOG = logging.getLogger(__name__)


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
        self._program = program_of(
            tail, options, treat=course.treat, loss=course.loss, precision=inputs.precision
        )
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
        row = EpochScore.of(
            self._course.phase, self._course.first_epoch + number - 1, trained, judged
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
