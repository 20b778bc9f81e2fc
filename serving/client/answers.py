"""What a model server answers, as types, and the one protocol that both clients speak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from components.common.artifacts.exported import SIGNATURE_BYTES

Array = npt.NDArray[np.float32]

AVAILABLE = "AVAILABLE"


@dataclass(frozen=True)
class Predictions:
    """Answers for N pictures, in the order they were sent.

    `probabilities` is float32 [N, C] in [0, 1], its columns in the export's class order;
    `classes` and `decisions` hold N names; `version` of `model` gave all of them.
    """

    probabilities: Array
    classes: tuple[str, ...]
    decisions: tuple[str, ...]
    version: int
    model: str


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


class Client(Protocol):
    """A connection to one model on one server; safe to share between threads."""

    @property
    def address(self) -> str:
        """The server, as a user writes it."""

    @property
    def model(self) -> str:
        """The model's name."""

    def predict_pictures(
        self, pictures: Sequence[bytes], *, headers: Mapping[str, str] | None = None
    ) -> Predictions:
        """Classify encoded pictures (any format that `components.common.pictures.decode` reads).

        Args:
            pictures: their bytes.
            headers: sent with this request, over those of the client: the group, say.

        Raises:
            ConfigError: a header cannot be sent.
            DataError: a picture cannot be decoded.
            DeniedError: the gateway's API key is missing or wrong.
            RequestError: the server refused the request.
            UnreachableError: nobody answers, after retries.
            ServerError: any other failure, a passed deadline among them.
        """

    def features(self, pictures: Sequence[bytes]) -> Features:
        """Return the embedding of encoded pictures; raises like `predict_pictures`."""

    def status(self) -> tuple[VersionStatus, ...]:
        """Return every version the server has seen, newest first.

        Raises:
            UnreachableError: nobody answers.
            DeniedError: the gateway's API key is missing or wrong.
            ServerError: the server has no such model.
        """

    def wait_until_available(self, *, timeout_s: float, version: int | None = None) -> int:
        """Wait until `version` (None: any) is AVAILABLE and return its number.

        Raises:
            ServerError: it was not within `timeout_s`, or it failed to load.
        """

    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how to call the newest version.

        Raises:
            ServerError: the model has no signature of that name.
        """

    def close(self) -> None:
        """Let go of the connections."""

    def __enter__(self) -> Self:
        """Use the client for the length of a block."""

    def __exit__(self, *exception: object) -> None:
        """Close it."""
