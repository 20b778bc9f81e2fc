"""Who may ask: an optional API key, compared in constant time."""

import hashlib
import hmac
from collections.abc import Mapping

from components.common.errors import expected
from serving.protocol.headers import KEY_HEADER, KEY_HEADERS

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
        return bool(self._wanted) and header.lower() in KEY_HEADERS


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
