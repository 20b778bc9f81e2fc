"""The errors of both clients, in the user's words."""

from collections.abc import Mapping, Sequence

from components.common.errors import DeniedError, RequestError, ServerError, UnreachableError
from serving.client.answers import AVAILABLE, VersionStatus
from serving.protocol.headers import KEY_HEADER, KEY_HEADERS, KEY_VARIABLE

NOT_REST = "give the server's REST port, or write grpc://HOST:PORT if this is the gRPC one"
NOT_GRPC = "give the server's gRPC port, or write http://HOST:PORT if this is the REST one"
NOT_SERVING = "give the address of TensorFlow Serving or of the gateway of `graft up`"


def unreachable(address: str, reason: str) -> UnreachableError:
    """Nobody answers at the address."""
    return UnreachableError(
        f"a model server at {address}",
        received=reason,
        do="start it with `graft up`, or correct the address",
    )


def wrong_language(address: str, reason: str, *, speaks: str, do: str) -> UnreachableError:
    """Somebody answers, but in another protocol."""
    return UnreachableError(
        f"{speaks} from {address}", received=f"something else ({reason})", do=do
    )


def busy(address: str, reason: str) -> ServerError:
    """The server is there but takes no more work now."""
    return ServerError(
        f"{address} to take the request",
        received=f"'unavailable' at every attempt ({reason})",
        do="send fewer pictures at once, or give the server more replicas",
    )


def denied(address: str, headers: Mapping[str, str]) -> DeniedError:
    """The gateway wants an API key; `headers` are those that were sent, names in lower case."""
    return DeniedError(
        f"the gateway's API key at {address}",
        received="none" if KEY_HEADERS.isdisjoint(headers) else "a wrong one",
        do=f"set {KEY_VARIABLE} or --api-key-file (in Python: the header `{KEY_HEADER}`)",
    )


def no_model(address: str, model: str, *, serves: Sequence[str] | None) -> ServerError:
    """The server answers but does not know the model; `serves` is None when it cannot be known."""
    if serves:
        do = f"choose one that it serves by --model-name: {', '.join(serves)}"
    else:
        do = (
            "correct --model-name; the server's API lists no models, so look at what it was "
            "started with"
        )
    return ServerError(
        f"model `{model}` on the server at {address}",
        received=f"an answer, but it has no model `{model}`",
        do=do,
    )


def no_version(
    address: str, model: str, version: int | None, status: Sequence[VersionStatus]
) -> ServerError:
    """The model is known, but the version asked for does not serve."""
    wanted = "an available version" if version is None else f"version {version}"
    states = [
        f"version {entry.version} {entry.state}" + (f" ({entry.error})" if entry.error else "")
        for entry in status
    ]
    return ServerError(
        f"{wanted} of model `{model}` at {address}",
        received=", ".join(states) or "no version at all",
        do="ask for one that is AVAILABLE, or look at the server's log",
    )


def no_signature(address: str, model: str, name: str, known: Sequence[str]) -> ServerError:
    """The model has no such signature."""
    return ServerError(
        f"signature '{name}' in model `{model}` at {address}",
        received=f"a model with {', '.join(known) or 'no signatures'}",
        do="serve a model that `graft run` exported",
    )


def wrong_outputs(address: str, model: str, *, wanted: str, known: Sequence[str]) -> ServerError:
    """The model answers with other tensors than Graft's exports do."""
    return ServerError(
        f"output '{wanted}' from model `{model}` at {address}",
        received=f"the outputs {', '.join(known) or 'none'}",
        do="serve a model that `graft run` exported",
    )


def refused(address: str, reason: str) -> RequestError:
    """The server says that the request is wrong."""
    return RequestError(
        f"{address} to accept the request",
        received=f"'{reason}'",
        do="check the pictures and that the server runs a model that `graft run` exported",
    )


def failed(address: str, reason: str) -> ServerError:
    """The server failed in a way that a repeat does not help."""
    return ServerError(f"an answer from {address}", received=f"'{reason}'", do="look at its log")


def too_big(address: str, size_bytes: int, limit_bytes: int) -> RequestError:
    """The request does not fit into one message."""
    return RequestError(
        f"at most {limit_bytes / 1e6:.0f} MB of pictures in one request to {address}",
        received=f"{size_bytes / 1e6:.0f} MB",
        do="send fewer pictures at once",
    )


def newest_available(status: Sequence[VersionStatus]) -> int | None:
    """Return the version that answers when none is asked for."""
    return max((entry.version for entry in status if entry.state == AVAILABLE), default=None)
