"""Try a few times, with growing pauses."""

from collections.abc import Callable

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class TryAgainError(Exception):
    """It may work later. `pause_s` is how long the other side asks to wait, 0 if it does not."""

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


def persist(attempt: Callable[[], None], *, attempts: int) -> None:
    """Call until it works.

    Raises:
        TryAgainError: the last attempt's.
        Exception: anything else that an attempt raises, at once.
    """
    retrying = Retrying(
        retry=retry_if_exception_type(TryAgainError),
        stop=stop_after_attempt(attempts),
        wait=_pause_s,
        reraise=True,
    )
    retrying(attempt)


def _pause_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked_s = error.pause_s if isinstance(error, TryAgainError) else 0.0
    growing_s = _FIRST_PAUSE_S * 2.0 ** (state.attempt_number - 1)
    return min(max(asked_s, growing_s), _LONGEST_PAUSE_S)
