"""What a model server answers, as types."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

AVAILABLE = "AVAILABLE"


@dataclass(frozen=True)
class TaskPredictions:
    """Answers of a further task for N pictures, see `docs/how-to/multitask.md`.

    `answers` holds N names, of a multi-label task those that are true with "|" between them;
    `probabilities` is float32 [N, classes of the task].
    """

    name: str
    answers: tuple[str, ...]
    probabilities: Array


@dataclass(frozen=True)
class Predictions:
    """Answers for N pictures, in the order they were sent.

    `probabilities` is float32 [N, C] in [0, 1], its columns in the export's class order;
    `classes` and `decisions` hold N names; `version` of `model` gave all of them. `tasks` are what
    a multitask model answers besides, by name.
    """

    probabilities: Array
    classes: tuple[str, ...]
    decisions: tuple[str, ...]
    version: int
    model: str
    tasks: tuple[TaskPredictions, ...] = ()


@dataclass(frozen=True)
class Features:
    """The network's embedding of N pictures: float32 [N, D], from `version` of `model`."""

    values: Array
    version: int
    model: str


@dataclass(frozen=True)
class VersionStatus:
    """One version as the server sees it.

    `state` is START, LOADING, AVAILABLE, UNLOADING or END; `error` is empty when all is well.
    """

    version: int
    state: str
    error: str = ""


@dataclass(frozen=True)
class TensorSpec:
    """An input or output of a signature; -1 in `shape` stands for any size."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Signature:
    """One way to call the model."""

    name: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
