"""Every error that Graft raises on purpose::

    GraftError                  exit code 1
    ├── InputError              exit code 2: the user can put it right
    │   ├── ConfigError         a setting
    │   ├── DataError           pictures, labels, manifests
    │   └── WeightsError        pretrained weights
    ├── ExportError             the exported model does not answer like the trained one
    ├── PublishError            a version could not be put in place
    └── ServerError             a model server did not answer as it should
        ├── UnreachableError    exit code 4: nobody answers at the address
        ├── DeniedError         exit code 2: it wants an API key, or another one
        └── RequestError        the server refused this request; another one may pass

Each message reads "expected X, received Y; do Z":

>>> raise DataError("pictures in the test split", received="none", do="add some")
Traceback (most recent call last):
components.common.errors.DataError: expected pictures in the test split, received none; add some
"""

from collections.abc import Iterable

_NAMED_AT_MOST = 5


class GraftError(Exception):
    """Base of all deliberate errors; `exit_code` is what the CLI ends with.

    Args:
        what: what was expected; without `do` the whole message.
        received: what came instead.
        do: what the reader can do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, received: object = "", do: str = "") -> None:
        super().__init__(expected(what, received=received, do=do) if do else what)


class InputError(GraftError, ValueError):
    """Something the user gave cannot be used."""

    exit_code = 2


class ConfigError(InputError):
    """A setting is unknown, of the wrong type or out of range."""


class DataError(InputError):
    """Pictures, labels or a manifest cannot be used."""


class WeightsError(InputError):
    """Pretrained weights are missing, damaged or of another architecture."""


class ExportError(GraftError):
    """The exported model's answers differ from the trained model's."""


class PublishError(GraftError):
    """A version could not be put in place; the serving version is untouched."""


class ServerError(GraftError):
    """A model server is absent, refuses, or answers wrongly."""


class UnreachableError(ServerError):
    """Nobody answers at the server's address, or not in the language we speak."""

    exit_code = 4


class DeniedError(ServerError):
    """The server wants an API key, and got none or a wrong one."""

    exit_code = 2


class RequestError(ServerError):
    """The server works but refused this one request, for what the request holds."""


def expected(what: str, *, received: object, do: str) -> str:
    """Return the house sentence: what was expected, what came, and what to do."""
    return f"expected {what}, received {received}; {do}"


def first_line(error: Exception) -> str:
    """Return what an error says, short enough for a note: at most 300 characters of one line."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]


def some(items: Iterable[object]) -> str:
    """Return the first few items as text, and how many more there are."""
    texts = [str(item) for item in items]
    more = f" and {len(texts) - _NAMED_AT_MOST} more" if len(texts) > _NAMED_AT_MOST else ""
    return ", ".join(texts[:_NAMED_AT_MOST]) + more
