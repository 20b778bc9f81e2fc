"""Outputs into typed answers, for both clients.

The tensors are those that `export` writes: see `components.common.artifacts.exported`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.common.artifacts.exported import (
    OUTPUT_CLASSES,
    OUTPUT_DECISION,
    OUTPUT_FEATURES,
    OUTPUT_PROBABILITIES,
    TASK_CLASSES,
    TASK_PROBABILITIES,
)
from serving.client import error_messages as messages
from serving.client.answers import Features, Predictions, TaskPredictions


@dataclass(frozen=True)
class Outputs:
    """The named tensors of one answer, and who gave it."""

    tensors: Mapping[str, Any]
    version: int
    model: str
    address: str

    def tensor(self, name: str) -> Any:
        """Return one output; ServerError when the model has none of that name."""
        if name not in self.tensors:
            known = sorted(self.tensors)
            raise messages.wrong_outputs(self.address, self.model, wanted=name, known=known)
        return self.tensors[name]


def to_predictions(outputs: Outputs, *, count: int) -> Predictions:
    """Build the typed answer for `count` pictures; ServerError when it does not fit them."""
    probabilities = np.asarray(outputs.tensor(OUTPUT_PROBABILITIES), dtype=np.float32)
    classes = as_names(outputs.tensor(OUTPUT_CLASSES))
    decisions = as_names(outputs.tensor(OUTPUT_DECISION))
    if probabilities.ndim != 2 or {len(probabilities), len(classes), len(decisions)} != {count}:
        shapes = f"{probabilities.shape}, {len(classes)} classes, {len(decisions)} decisions"
        raise messages.failed(outputs.address, f"{shapes} for {count} pictures")
    named = [name for name in sorted(outputs.tensors) if name.endswith(TASK_CLASSES)]
    tasks = tuple(_of_task(outputs, name.removesuffix(TASK_CLASSES), count) for name in named)
    return Predictions(probabilities, classes, decisions, outputs.version, outputs.model, tasks)


def _of_task(outputs: Outputs, task: str, count: int) -> TaskPredictions:
    answers = as_names(outputs.tensor(f"{task}{TASK_CLASSES}"))
    values = np.asarray(outputs.tensor(f"{task}{TASK_PROBABILITIES}"), dtype=np.float32)
    if values.ndim != 2 or {len(values), len(answers)} != {count}:
        shapes = f"{values.shape} and {len(answers)} answers of task {task}"
        raise messages.failed(outputs.address, f"{shapes} for {count} pictures")
    return TaskPredictions(task, answers, values)


def to_features(outputs: Outputs, *, count: int) -> Features:
    """Build the typed embedding of `count` pictures; ServerError when it does not fit them."""
    values = np.asarray(outputs.tensor(OUTPUT_FEATURES), dtype=np.float32)
    if values.ndim != 2 or len(values) != count:
        raise messages.failed(outputs.address, f"features {values.shape} for {count} pictures")
    return Features(values, outputs.version, outputs.model)


def as_names(values: Sequence[Any]) -> tuple[str, ...]:
    """Return text, whether it came as text or as bytes."""
    return tuple(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for value in values
    )
