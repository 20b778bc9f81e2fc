"""Who may ask: an optional API key, compared in constant time."""

import hashlib
import hmac
import os
from collections.abc import Mapping
from pathlib import Path

from components.common.errors import ConfigError, expected

KEY_HEADER = "x-api-key"
BEARER = "bearer "
DENIED = expected(
    f"the API key in `{KEY_HEADER}` or as `Authorization: Bearer`",
    received="none or a wrong one",
    do="ask whoever runs the gateway for it",
)


class Access:
    """Lets a request in, or not; without a key everyone is let in."""

    def __init__(self, api_key: str) -> None:
        self._wanted = _digest(api_key) if api_key else b""

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Tell whether these headers (names in any case that the mapping takes) hold the key."""
        if not self._wanted:
            return True
        authorization = headers.get("authorization", "")
        sent = headers.get(KEY_HEADER, "")
        if not sent and authorization.lower().startswith(BEARER):
            sent = authorization[len(BEARER) :].strip()
        # Digests are of one length, so not even the key's length shows in the time.
        return hmac.compare_digest(_digest(sent), self._wanted)

    def hides(self, header: str) -> bool:
        """Tell whether a header is ours alone and must not reach the model server."""
        return bool(self._wanted) and header.lower() in {KEY_HEADER, "authorization"}


def read_api_key(*, file: Path | None, variable: str) -> str:
    """Return the key from a file, else from an environment variable, else "".

    Raises:
        ConfigError: the file cannot be read or is empty.
    """
    if file is None:
        return os.environ.get(variable, "").strip()
    try:
        key = file.read_text().strip()
    except OSError as error:
        raise ConfigError(
            expected("a file with the API key", received=error, do="correct --api-key-file")
        ) from None
    if not key:
        raise ConfigError(
            expected("an API key", received=f"an empty {file}", do="write the key into it")
        )
    return key


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
