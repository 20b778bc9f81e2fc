"""Try a few times, with growing pauses."""

import time
from collections.abc import Callable

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class TryAgainError(Exception):
    """It may work later. `pause_s` is how long the other side asks to wait, 0 if it does not."""

    def __init__(self, message: str, pause_s: float = 0.0) -> None:
        super().__init__(message)
        self.pause_s = pause_s


def persist(
    attempt: Callable[[], None], *, attempts: int, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Call until it works.

    Raises:
        TryAgainError: the last attempt's.
        Exception: anything else that an attempt raises, at once.
    """
    for number in range(attempts):
        try:
            return attempt()
        except TryAgainError as error:
            if number + 1 == attempts:
                raise
            pause_s = max(error.pause_s, _FIRST_PAUSE_S * 2.0**number)
            sleep(min(pause_s, _LONGEST_PAUSE_S))
    raise AssertionError("the last attempt returns or raises")
