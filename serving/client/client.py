"""What both clients are: a connection to one model on one server."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Required, Self, TypedDict

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from components.common.artifacts.exported import SIGNATURE_BYTES, SIGNATURE_FEATURES
from components.common.errors import DataError, DeniedError, ServerError
from components.common.pictures.decode import to_servable
from serving.client import error_messages as messages
from serving.client.answers import AVAILABLE, Features, Predictions, Signature, VersionStatus
from serving.client.contract import Outputs, to_features, to_predictions
from serving.client.retry import Retry
from serving.protocol.headers import sendable

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_RETRY = Retry()
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
POLL_S = 0.1


class _FailedError(ServerError):
    """The version ended with an error: it does not come back."""


class ClientOptions(TypedDict, total=False):
    """What both clients can be given; see `Client`."""

    model: Required[str]
    timeout_s: float
    version: int | None
    retry: Retry
    headers: Mapping[str, str] | None
    ca_file: Path | None


class Client(ABC):
    """A connection to one model on one server; safe to share between threads.

    Args:
        address: the server, as a user writes it.
        model: the model's name.
        timeout_s: deadline of one call with all its retries, in seconds.
        version: the version that must answer; None is the newest at each call.
        retry: how to repeat calls that may be repeated.
        headers: sent with every request: the gateway's API key, the group, line and camera that
            the pictures are from; `serving.protocol.headers.request_headers` names them.

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
        headers: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._address = address
        self._model = model
        self._timeout_s = timeout_s
        self._version = version
        self._retry = retry
        self._headers = sendable(headers)
        self._ca_file = ca_file

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

        An absent server or model may still come, so only time ends the wait for them. A version
        that failed to load does not come back, so it ends the wait at once, and so does a wrong
        API key.

        Raises:
            ServerError: what was wrong at the last look.
        """
        wanted = version or self._version

        def look() -> int:
            status = self.status()
            serving = [entry.version for entry in status if entry.state == AVAILABLE]
            if serving and wanted in {None, *serving}:
                return wanted if wanted is not None else max(serving)
            problem = messages.no_version(self.address, self.model, wanted, status)
            asked = [entry for entry in status if wanted in {None, entry.version}]
            if asked and all(entry.state == "END" and entry.error for entry in asked):
                raise _FailedError(str(problem))
            raise problem

        def may_pass(error: BaseException) -> bool:
            final = isinstance(error, DeniedError | _FailedError)
            return isinstance(error, ServerError) and not final

        return Retrying(
            retry=retry_if_exception(may_pass),
            stop=stop_after_delay(timeout_s),
            wait=wait_fixed(POLL_S),
            reraise=True,
        )(look)

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
        """Return the pictures in the form that the exported graph decodes."""
        if not pictures:
            raise DataError("at least one picture", received="none", do="give some")
        servable = [to_servable(data, name=f"picture {at}") for at, data in enumerate(pictures)]
        size_bytes = sum(map(len, servable))
        if size_bytes > MAX_MESSAGE_BYTES:
            raise messages.too_big(self.address, size_bytes, MAX_MESSAGE_BYTES)
        return servable
