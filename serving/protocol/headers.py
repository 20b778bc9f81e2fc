"""The headers that clients send and the gateway reads: an API key, and where pictures are from."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, unquote

from components.common.errors import ConfigError

KEY_HEADER = "x-api-key"
# Either of them carries the key.
KEY_HEADERS = frozenset({KEY_HEADER, "authorization"})
GROUP_HEADER = "X-Graft-Group"
LINE_HEADER = "X-Graft-Line"
CAMERA_HEADER = "X-Graft-Camera"
# A request with the value "off" is answered and not logged: what people try is no production.
LOG_HEADER = "X-Graft-Log"
LOG_OFF = "off"
# With these a gateway that is full for the moment asks a client to come back, over gRPC and REST.
PUSHBACK = "grpc-retry-pushback-ms"
RETRY_AFTER = "Retry-After"
KEY_VARIABLE = "GRAFT_API_KEY"

# What gRPC allows, which is less than HTTP does: a client works over both or over neither.
_NAME = re.compile(r"(?!grpc-)[a-z0-9_.-]+(?<!-bin)")
_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?|")
# Printable ASCII but the blank and `%`.
_AS_IS = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}~"
# These tell how a message travels, so whoever sends it writes them.
_NOT_OURS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "te",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    }
)


def request_headers(
    *, api_key: str = "", group: str = "", line: str = "", camera: str = ""
) -> dict[str, str]:
    """Return the headers for the gateway; what is "" is left out.

    Group, line and camera may be any text: what ASCII has no place for is percent-encoded, and the
    gateway reads it with `spoken`.
    """
    places = {GROUP_HEADER: group, LINE_HEADER: line, CAMERA_HEADER: camera}
    headers = {
        KEY_HEADER: api_key,
        **{name: quote(text, _AS_IS, errors="replace") for name, text in places.items()},
    }
    return {name: value for name, value in headers.items() if value}


def spoken(value: str) -> str:
    """Return a group, line or camera as it was meant; what is not percent-encoded text stays."""
    try:
        text = unquote(value, errors="strict")
    except UnicodeDecodeError:
        return value
    return text if text.isprintable() else value


def sendable(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return headers with their names in lower case, as gRPC's metadata wants them.

    Raises:
        ConfigError: a name or a value cannot be sent over REST and gRPC alike.
    """
    checked: dict[str, str] = {}
    for given, value in (headers or {}).items():
        name = given.lower()
        if name in _NOT_OURS or not _NAME.fullmatch(name):
            raise ConfigError(
                "a header's name of letters, digits and `_.-` that neither begins with `grpc-` "
                "nor ends with `-bin` nor tells how a message travels",
                received=f"'{given}'",
                do="choose another name",
            )
        if not _VALUE.fullmatch(value):
            raise ConfigError(
                f"printable ASCII characters, no blank at either end, in the header `{name}`",
                received="a key with other characters" if name in KEY_HEADERS else f"'{value}'",
                do="change it",
            )
        checked[name] = value
    return checked


def read_api_key(file: Path | None = None) -> str:
    """Return the first of `read_api_keys`, else ""; that is the one to send."""
    return next(iter(read_api_keys(file)), "")


def read_api_keys(file: Path | None = None) -> tuple[str, ...]:
    """Return the keys in a file, one a line, else those in the variable GRAFT_API_KEY, else ().

    Raises:
        ConfigError: the file cannot be read or is empty.
    """
    if file is None:
        # Of a Secret it holds all lines, as the file does.
        return _keys(os.environ.get(KEY_VARIABLE, ""))
    try:
        keys = _keys(file.read_text())
    except (OSError, UnicodeError) as error:
        raise ConfigError(
            "a file with the API key", received=error, do="correct --api-key-file"
        ) from None
    if not keys:
        raise ConfigError("an API key", received=f"an empty {file}", do="write the key into it")
    return keys


def _keys(text: str) -> tuple[str, ...]:
    return tuple(key for line in text.splitlines() if (key := line.strip()))
