"""AdamW in which every layer may have a rate, a decay and a penalty of its own.

Layer-wise rates and pulls towards the starting weights live in the optimizer and not in the model:
that works the same on every Keras back end, and nothing of it reaches the saved network.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
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

    def _copy_of(self, variable: Any, name: str) -> Any:
        copy = self.add_variable_from_reference(variable, name=name)
        # Through NumPy: JAX would share the buffer, and cannot give it away twice in a step.
        assign_all([copy], values_of([variable]))
        return copy
