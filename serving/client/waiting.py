"""Waiting for a version to serve."""

from collections.abc import Callable

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

from components.common.errors import DeniedError, ServerError
from serving.client import error_messages as messages
from serving.client.answers import AVAILABLE, VersionStatus

POLL_S = 0.1


class _FailedError(ServerError):
    """The version ended with an error: it does not come back."""


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

    def look() -> int:
        status = ask()
        serving = [entry.version for entry in status if entry.state == AVAILABLE]
        if serving and version in {None, *serving}:
            return version if version is not None else max(serving)
        problem = messages.no_version(address, model, version, status)
        raise _FailedError(str(problem)) if _failed(status, version) else problem

    def may_pass(error: BaseException) -> bool:
        return isinstance(error, ServerError) and not isinstance(error, DeniedError | _FailedError)

    return Retrying(
        retry=retry_if_exception(may_pass),
        stop=stop_after_delay(timeout_s),
        wait=wait_fixed(POLL_S),
        reraise=True,
    )(look)


def _failed(status: tuple[VersionStatus, ...], version: int | None) -> bool:
    asked = [entry for entry in status if version is None or entry.version == version]
    return bool(asked) and all(entry.state == "END" and entry.error for entry in asked)
