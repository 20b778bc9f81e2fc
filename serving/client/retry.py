"""Deadlines and retries, the same for gRPC and REST.

Predicting changes nothing on the server, so a call may be repeated. Only what a later
attempt can change is: a server that is not there (yet), and one whose queue is full.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from components.common.errors import ServerError

T = TypeVar("T")


class PassingError(Exception):
    """A failure that may have passed at the next attempt; `cause` is the error when it has not."""

    def __init__(self, cause: ServerError) -> None:
        super().__init__(str(cause))
        self.cause = cause


@dataclass(frozen=True, kw_only=True)
class Retry:
    """How often to try and how long to wait between attempts, in seconds.

    A wait is drawn at random from up to `first_wait_s`, doubled at each attempt to at most
    `longest_wait_s`, so that many clients that fail together do not come back together.
    """

    attempts: int = 4
    first_wait_s: float = 0.1
    longest_wait_s: float = 1.0


def call(attempt: Callable[[float], T], *, timeout_s: float, retry: Retry, address: str) -> T:
    """Call `attempt(seconds left)` until it succeeds, fails for good, or time runs out.

    Raises:
        ServerError: the cause of the last `PassingError`, or a passed deadline.
    """
    deadline = time.monotonic() + timeout_s

    def once() -> T:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise too_late(address, timeout_s)
        return attempt(left_s)

    repeat = Retrying(
        retry=retry_if_exception_type(PassingError),
        stop=stop_after_attempt(retry.attempts) | stop_before_delay(timeout_s),
        wait=wait_random_exponential(
            multiplier=retry.first_wait_s, max=retry.longest_wait_s, min=retry.first_wait_s / 2
        ),
        reraise=True,
    )
    try:
        return repeat(once)
    except PassingError as error:
        raise error.cause from None


def too_late(address: str, timeout_s: float) -> ServerError:
    """Return the error for a deadline that passed."""
    return ServerError(
        f"an answer from {address} within {timeout_s:g} s",
        received="none",
        do="allow more time, send fewer pictures at once, or look at the server's load",
    )
