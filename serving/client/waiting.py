"""Waiting for a version to serve."""

import time
from collections.abc import Callable

from components.common.errors import DeniedError, ServerError
from serving.client import error_messages as messages
from serving.client.answers import AVAILABLE, VersionStatus

POLL_S = 0.1


def wait_until_available(
    ask: Callable[[], tuple[VersionStatus, ...]],
    *,
    address: str,
    model: str,
    timeout_s: float,
    version: int | None,
) -> int:
    """Ask for the status until `version` (None: any) is AVAILABLE; return its number.

    An absent server or model may still come, so only time ends the wait for them; a version
    that ended with an error does not come back, so it ends the wait at once, and so does a
    wrong API key.

    Raises:
        ServerError: what was wrong at the last look.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        problem: ServerError
        try:
            status = ask()
        except DeniedError:
            raise
        except ServerError as error:
            problem = error
        else:
            serving = [entry.version for entry in status if entry.state == AVAILABLE]
            if version is None and serving:
                return max(serving)
            if version is not None and version in serving:
                return version
            problem = messages.no_version(address, model, version, status)
            if _failed(status, version):
                raise problem
        if time.monotonic() >= deadline:
            raise problem
        time.sleep(POLL_S)


def _failed(status: tuple[VersionStatus, ...], version: int | None) -> bool:
    asked = [entry for entry in status if version is None or entry.version == version]
    return bool(asked) and all(entry.state == "END" and entry.error for entry in asked)
