"""Deadlines and retries, the same for gRPC and REST.

Predicting changes nothing on the server, so a call may be repeated. Only what a later
attempt can mend is: a server that is not there (yet), and one whose queue is full.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from components.common.errors import ServerError, expected

T = TypeVar("T")


class PassingError(Exception):
    """A failure that may have passed at the next attempt; `cause` is told when it has not."""

    def __init__(self, cause: ServerError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often to try and how long to wait between attempts, in seconds.

    The wait doubles from `first_wait_s` to `longest_wait_s` and is drawn from its upper half,
    so that many clients that fail together do not come back together.
    """

    attempts: int = 4
    first_wait_s: float = 0.1
    longest_wait_s: float = 1.0

    def wait_s(self, attempt: int) -> float:
        """Return how long to wait after the `attempt`-th failure (from 1)."""
        longest: float = min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempt - 1))
        return longest * random.uniform(0.5, 1.0)


def call(attempt: Callable[[float], T], *, timeout_s: float, retry: Retry, address: str) -> T:
    """Call `attempt(seconds left)` until it succeeds, fails for good, or time runs out.

    Raises:
        ServerError: the cause of the last `PassingError`, or a passed deadline.
    """
    deadline = time.monotonic() + timeout_s
    for number in range(1, retry.attempts + 1):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise too_late(address, timeout_s)
        try:
            return attempt(left_s)
        except PassingError as error:
            wait_s = retry.wait_s(number)
            if number == retry.attempts or time.monotonic() + wait_s >= deadline:
                raise error.cause from None
            time.sleep(wait_s)
    raise AssertionError("unreachable: the last attempt returns or raises")


def too_late(address: str, timeout_s: float) -> ServerError:
    """Return the error for a deadline that passed."""
    return ServerError(
        expected(
            f"an answer from {address} within {timeout_s:g} s",
            received="none",
            do="allow more time, send fewer pictures at once, or look at the server's load",
        )
    )
