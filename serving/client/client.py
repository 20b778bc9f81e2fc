"""What both clients are: a connection to one model on one server."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Required, Self, TypedDict

from components.common.artifacts.exported import SIGNATURE_BYTES, SIGNATURE_FEATURES
from serving.client.answers import Features, Predictions, Signature, VersionStatus
from serving.client.contract import Outputs, prepare, to_features, to_predictions
from serving.client.retry import Retry
from serving.client.waiting import wait_until_available
from serving.protocol.headers import sendable

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_RETRY = Retry()
MAX_MESSAGE_BYTES = 64 * 1024 * 1024


class ClientOptions(TypedDict, total=False):
    """What both clients can be given; see `Client`."""

    model: Required[str]
    timeout_s: float
    version: int | None
    retry: Retry
    max_message_bytes: int
    headers: Mapping[str, str] | None


class Client(ABC):
    """A connection to one model on one server; safe to share between threads.

    Args:
        address: the server, as a user writes it.
        model: the model's name.
        timeout_s: deadline of one call with all its retries, in seconds.
        version: the version that must answer; None is the newest at each call.
        retry: how to repeat calls that may be repeated.
        max_message_bytes: the largest request, in bytes of pictures.
        headers: sent with every request, see `serving.protocol.headers`.

    Raises:
        ConfigError: the address has another form, or a header cannot be sent.
    """

    def __init__(
        self,
        address: str,
        *,
        model: str,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        version: int | None = None,
        retry: Retry = DEFAULT_RETRY,
        max_message_bytes: int = MAX_MESSAGE_BYTES,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._address = address
        self._model = model
        self._timeout_s = timeout_s
        self._version = version
        self._retry = retry
        self._limit_bytes = max_message_bytes
        self._headers = sendable(headers)

    @property
    def address(self) -> str:
        """The server, as a user writes it."""
        return self._address

    @property
    def model(self) -> str:
        """The model's name."""
        return self._model

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
        sent = {**self._headers, **sendable(headers)}
        outputs = self._predict(SIGNATURE_BYTES, self._prepared(pictures), sent)
        return to_predictions(outputs, count=len(pictures))

    def features(self, pictures: Sequence[bytes]) -> Features:
        """Return the embedding of encoded pictures; raises like `predict_pictures`."""
        outputs = self._predict(SIGNATURE_FEATURES, self._prepared(pictures), self._headers)
        return to_features(outputs, count=len(pictures))

    def wait_until_available(self, *, timeout_s: float, version: int | None = None) -> int:
        """Wait until `version` (None: any) is AVAILABLE and return its number.

        Raises:
            ServerError: it was not within `timeout_s`, or it failed to load.
        """
        return wait_until_available(
            self.status,
            address=self.address,
            model=self.model,
            timeout_s=timeout_s,
            version=version or self._version,
        )

    @abstractmethod
    def status(self) -> tuple[VersionStatus, ...]:
        """Return every version the server has seen, newest first.

        Raises:
            UnreachableError: nobody answers.
            DeniedError: the gateway's API key is missing or wrong.
            ServerError: the server has no such model.
        """

    @abstractmethod
    def signature(self, name: str = SIGNATURE_BYTES) -> Signature:
        """Describe how to call the newest version.

        Raises:
            ServerError: the model has no signature of that name.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the connections."""

    def __enter__(self) -> Self:
        """Use the client for the length of a block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close it."""
        self.close()

    @abstractmethod
    def _predict(
        self, signature: str, pictures: Sequence[bytes], headers: Mapping[str, str]
    ) -> Outputs:
        """Ask for a signature of prepared pictures."""

    def _prepared(self, pictures: Sequence[bytes]) -> list[bytes]:
        return prepare(pictures, address=self.address, limit_bytes=self._limit_bytes)
