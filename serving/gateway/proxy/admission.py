"""How much is in flight, and what is refused for that: memory has an end, a crowd has none."""

from types import TracebackType
from typing import Final, Self

from components.common.errors import expected
from serving.gateway.proxy.metrics import GatewayMetrics
from serving.gateway.settings import MIB

# So small a request is never refused for the bytes of others: there are at most `most` of them.
SMALL_BYTES: Final = MIB


class BusyError(Exception):
    """The gateway has no room for this request now; the text is for the client."""


class Admission:
    """Counts requests and the bytes of their bodies; safe within one event loop.

    Args:
        most: requests at a time.
        most_bytes: of the bodies above SMALL_BYTES, together.
    """

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self.requests = 0
        self.small_bytes = 0
        self.large_bytes = 0

    def show(self, metrics: GatewayMetrics) -> None:
        """Add what is in flight to the metrics."""
        metrics.gauge("in_flight_requests", "Requests being handled now.", lambda: self.requests)
        metrics.gauge(
            "in_flight_bytes", "Their bodies.", lambda: self.small_bytes + self.large_bytes
        )

    def enter(self) -> "Place":
        """Return a place; use it as a context, so that it is given back.

        Raises:
            BusyError: all places are taken.
        """
        if self.requests >= self._most:
            raise BusyError(_text(f"fewer than {self._most} requests at a time"))
        return Place(self)

    def check(self, large_bytes: int) -> None:
        """Raise BusyError if a body of so many bytes finds no room."""
        if self.large_bytes + large_bytes > self._most_bytes:
            raise BusyError(_text(f"bodies of at most {self._most_bytes // MIB} MiB at a time"))


class Place:
    """What one request takes."""

    def __init__(self, admission: Admission) -> None:
        self._all = admission
        self._small_bytes = self._large_bytes = 0
        admission.requests += 1

    def hold(self, size_bytes: int) -> None:
        """Note how large the body is, or has become.

        Raises:
            BusyError: there is no room for it.
        """
        large = size_bytes if size_bytes > SMALL_BYTES else 0
        if large > self._large_bytes:
            self._all.check(large - self._large_bytes)
        self._set(size_bytes - large, large)

    def _set(self, small_bytes: int, large_bytes: int) -> None:
        self._all.small_bytes += small_bytes - self._small_bytes
        self._all.large_bytes += large_bytes - self._large_bytes
        self._small_bytes, self._large_bytes = small_bytes, large_bytes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._set(0, 0)
        self._all.requests -= 1


def _text(wanted: str) -> str:
    return expected(wanted, received="more", do="ask again in a moment")
