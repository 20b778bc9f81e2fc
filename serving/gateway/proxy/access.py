"""Who may ask: optional API keys, compared in constant time."""

import hashlib
import hmac
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from components.common.errors import ConfigError, expected
from serving.protocol.headers import KEY_HEADER, KEY_HEADERS, read_api_keys

_LOG = logging.getLogger(__name__)
BEARER = "bearer "
DENIED = expected(
    f"the API key in `{KEY_HEADER}` or as `Authorization: Bearer`",
    received="none or a wrong one",
    do="ask whoever runs the gateway for it",
)
_LOOK_EVERY_S = 2.0


class Access:
    """Lets a request in, or not; without keys everyone is let in.

    Args:
        api_keys: each of them lets in, so that clients can change from one to the next.
        file: where they came from. When it changes it is read again; what cannot be read, or is
            empty, changes nothing.
    """

    def __init__(self, api_keys: tuple[str, ...], file: Path | None = None) -> None:
        self._wanted = tuple(_digest(key) for key in api_keys)
        self._file = file
        self._changed_ns = _changed_ns(file)
        self._looked_s = time.monotonic()

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Tell whether these headers (names in any case that the mapping takes) hold a key."""
        if not self._wanted:
            return True
        self._renew()
        authorization = headers.get("authorization", "")
        sent = headers.get(KEY_HEADER, "")
        if not sent and authorization.lower().startswith(BEARER):
            sent = authorization[len(BEARER) :].strip()
        # Digests are of one length, so not even the key's length shows in the time; and all are
        # compared, so neither does which of them it was.
        digest = _digest(sent)
        return sum(hmac.compare_digest(digest, wanted) for wanted in self._wanted) > 0

    def hides(self, header: str) -> bool:
        """Tell whether a header is ours alone and must not reach the model server."""
        return bool(self._wanted) and header.lower() in KEY_HEADERS

    def _renew(self) -> None:
        if self._file is None or time.monotonic() - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = time.monotonic()
        changed_ns = _changed_ns(self._file)
        if changed_ns == self._changed_ns:
            return
        try:
            self._wanted = tuple(_digest(key) for key in read_api_keys(self._file))
        except ConfigError as error:
            _LOG.warning("the API keys stay as they were: %s", error)
            return
        self._changed_ns = changed_ns
        _LOG.info("%d API keys are valid now", len(self._wanted))


def _changed_ns(file: Path | None) -> int:
    try:
        return file.stat().st_mtime_ns if file is not None else 0
    except OSError:
        return 0


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
