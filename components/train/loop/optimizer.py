"""AdamW in which every layer may have a rate, a decay and a penalty of its own.

Layer-wise rates and pulls towards the starting weights live in the optimizer and not in the model:
that works the same on every Keras back end, and nothing of it reaches the saved network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from components.train.loop.checkpoints import assign_all, values_of


@dataclass(frozen=True)
class Treatment:
    """How the variables w of one layer are trained.

    rate: factor on the learning rate.
    decay: decoupled weight decay (Loshchilov and Hutter 2019, arXiv:1711.05101).
    penalty: adds penalty / 2 ||w - w0||^2 to the loss, by its gradient.
    anchored: w0 is where the layer started; else w0 = 0.
    """

    rate: float = 1.0
    decay: float = 0.0
    penalty: float = 0.0
    anchored: bool = False


# From a layer's name to its treatment.
Treatments = Callable[[str], Treatment]


def treatments_of(tail: keras.Model, treat: Treatments) -> tuple[Treatment, ...]:
    """Return one treatment a trainable variable of the tail, in Keras' order."""
    by_variable = {
        id(variable): treat(layer.name)
        for layer in tail.layers
        for variable in layer.trainable_variables
    }
    return tuple(by_variable[id(variable)] for variable in tail.trainable_variables)


class WarmedUpCosine(keras.optimizers.schedules.CosineDecay):
    """Keras' cosine decay after a warm-up from zero, whose numbers may change between trainings.

    They are variables, so that a compiled step serves the next training too.
    """

    def __init__(self) -> None:
        names = ("initial_learning_rate", "decay_steps", "warmup_target", "warmup_steps")
        start, decay, target, warm_up = (
            keras.Variable(1.0, dtype="float32", trainable=False, name=name) for name in names
        )
        super().__init__(start, decay, warmup_target=target, warmup_steps=warm_up)

    def plan(self, *, rate: float, steps: int, warm_up: float) -> None:
        """Set the peak rate, the number of steps, and the share of them in which it climbs."""
        climbing = round(steps * warm_up)
        values = (
            (self.initial_learning_rate, 0.0 if climbing else rate),
            (self.decay_steps, max(1, steps - climbing)),
            (self.warmup_target, rate),
            (self.warmup_steps, climbing),
        )
        for variable, value in values:
            variable.assign(value)


class LayerwiseAdamW(keras.optimizers.Adam):
    """Adam with one `Treatment` a variable.

    Args:
        learning_rate: number or schedule.
        treatments: one a trainable variable, in the order the optimizer is built with.
        clip_norm: the loss's gradients are scaled down to this global norm.
    """

    def __init__(
        self, learning_rate: Any, *, treatments: Sequence[Treatment], clip_norm: float
    ) -> None:
        super().__init__(learning_rate, global_clipnorm=clip_norm)
        self._treatments = tuple(treatments)
        self._anchors: list[Any] = []

    def build(self, var_list: list[Any]) -> None:
        """Make Adam's moments, the anchors at today's weights."""
        if self.built:
            return
        super().build(var_list)
        self._anchors = [
            self._copy_of(variable, "anchor") if treatment.anchored else None
            for variable, treatment in zip(var_list, self._treatments, strict=True)
        ]

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Take one step on one variable."""
        index = self._get_variable_index(variable)
        treatment = self._treatments[index]
        rate = ops.cast(learning_rate, variable.dtype) * treatment.rate
        if treatment.penalty:
            anchor = self._anchors[index]
            away = variable if anchor is None else ops.subtract(variable, anchor)
            gradient = ops.add(gradient, ops.multiply(away, treatment.penalty))
        if treatment.decay:
            self.assign_sub(variable, ops.multiply(variable, rate * treatment.decay))
        super().update_step(gradient, variable, rate)

    def restart(self) -> None:
        """Forget every step: moments and their number are zero, anchors are today's weights."""
        assign_all(self.variables, [np.zeros(one.shape, one.dtype) for one in self.variables])
        for variable, anchor in zip(self._trainable_variables, self._anchors, strict=True):
            if anchor is not None:
                assign_all([anchor], values_of([variable]))

    def _copy_of(self, variable: Any, name: str) -> Any:
        copy = self.add_variable_from_reference(variable, name=name)
        # Through NumPy: JAX would share the buffer, and cannot give it away twice in a step.
        assign_all([copy], values_of([variable]))
        return copy
