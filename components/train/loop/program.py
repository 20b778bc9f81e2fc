"""The compiled step of a training, shared by the trainings that differ in nothing it holds."""

import weakref
from dataclasses import dataclass
from typing import Any

import keras

from components.networks.accelerator import gpus
from components.networks.config import Precision
from components.networks.fast.training_copy import quickened
from components.train.loop.losses import Loss, categorical_accuracy
from components.train.loop.optimizer import (
    LayerwiseAdamW,
    Treatment,
    Treatments,
    WarmedUpCosine,
    treatments_of,
)
from components.train.options import TuningOptions


@dataclass(frozen=True)
class Program:
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
_PROGRAMS: weakref.WeakKeyDictionary[keras.Model, dict[Any, Program]] = weakref.WeakKeyDictionary()


def program_of(
    tail: keras.Model,
    options: TuningOptions,
    *,
    treat: Treatments | None,
    loss: Loss,
    precision: Precision,
) -> Program:
    """Return what trains a tail; TensorFlow's compiled steps are kept for the next time."""
    alike = Treatment(decay=options.weight_decay)
    treatments = treatments_of(tail, treat or (lambda _: alike))
    layers = tail._flatten_layers(include_self=False)
    learning = tuple((id(layer), layer.trainable) for layer in layers)
    key = (learning, treatments, options.clip_norm, precision, loss)
    # On other back ends a compiled step holds the schedule's numbers as constants.
    lasting = keras.backend.backend() == "tensorflow"
    kept = _PROGRAMS.setdefault(tail, {}) if lasting else {}
    if key not in kept:
        schedule = WarmedUpCosine()
        optimizer = LayerwiseAdamW(schedule, treatments=treatments, clip_norm=options.clip_norm)
        optimizer.build(tail.trainable_variables)
        quick = quickened(tail, precision=precision, on_gpu=bool(gpus()))
        quick.compile(optimizer, loss=loss, weighted_metrics=[_accuracy()])
        kept[key] = Program(quick, optimizer, schedule)
    return kept[key]


def _accuracy() -> keras.metrics.Metric:
    """Return the metric with its variables: made in the first step they have it traced twice."""
    return keras.metrics.MeanMetricWrapper(categorical_accuracy, name="categorical_accuracy")
