"""Canonical status codes: one error type for gRPC and REST alike."""

import json
import logging
from enum import IntEnum

from components.common.errors import ServerError

_LOG = logging.getLogger(__name__)

GRPC_MESSAGE_LIMIT = 1024


class Code(IntEnum):
    """The canonical codes; the numbers are those of google.rpc.Code and of gRPC."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


# model_servers/http_server.cc, ToHTTPStatusCode; anything absent is 500.
_HTTP = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.UNAVAILABLE: 503,
    Code.UNAUTHENTICATED: 401,
}


class StatusError(ServerError):
    """A request that ends with a status other than OK."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid_argument(message: str) -> StatusError:
    """Return the error that most bad requests end with (HTTP 400)."""
    return StatusError(Code.INVALID_ARGUMENT, message)


def not_found(message: str) -> StatusError:
    """Return the error for an unknown model or version (HTTP 404)."""
    return StatusError(Code.NOT_FOUND, message)


def failed_precondition(message: str) -> StatusError:
    """Return the error for a request that the present state forbids (HTTP 400)."""
    return StatusError(Code.FAILED_PRECONDITION, message)


def http_status(code: Code) -> int:
    """Return the HTTP status that TF Serving answers with for a canonical code."""
    return _HTTP.get(code, 500)


def error_body(message: str) -> bytes:
    """Return the JSON body of a REST error, which clients know how to read."""
    return json.dumps({"error": message}).encode()


def grpc_message(message: str) -> str:
    """Cut a message as model_servers/grpc_status_util.cc does: headers are not unlimited."""
    if len(message) <= GRPC_MESSAGE_LIMIT:
        return message
    return message[:GRPC_MESSAGE_LIMIT] + "...TRUNCATED"


def from_exception(error: BaseException) -> StatusError:
    """Translate whatever a request raised.

    TensorFlow's own errors keep their code and text. Everything else that a request can
    provoke (wrong nesting, recursion, overflow) is the request's fault, not the server's.
    """
    if isinstance(error, StatusError):
        return error
    code = getattr(error, "error_code", None)
    if isinstance(code, int) and code in Code._value2member_map_:
        return StatusError(Code(code), str(getattr(error, "message", error)))
    _LOG.warning("a request raised %s", type(error).__name__, exc_info=error)
    if isinstance(error, MemoryError):
        return StatusError(Code.RESOURCE_EXHAUSTED, "Out of memory")
    return invalid_argument(f"{type(error).__name__}: {error}")
