"""One request and its answer, on the way from the proxy to the log's process.

A frame is a small JSON head between two raw bodies: bytes are copied, never encoded.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

REST: Final = "REST"
GRPC: Final = "gRPC"
_SIZES = struct.Struct("!III")


@dataclass(frozen=True, kw_only=True)
class ExchangeHead:
    """What is known without looking into the bodies.

    path: REST's path or gRPC's method name.
    status: HTTP's or gRPC's code.
    encoding: the request's Content-Encoding.
    """

    time_unix_s: float
    request_id: str
    interface: Literal["REST", "gRPC"]
    path: str
    status: int
    latency_ms: float
    encoding: str = ""
    group: str = ""
    line: str = ""
    camera: str = ""

    @property
    def answered(self) -> bool:
        """The model server gave an answer, not an error."""
        return self.status == (200 if self.interface == REST else 0)


@dataclass(frozen=True)
class ServedExchange:
    """One request and its answer, as they crossed the wire."""

    head: ExchangeHead
    request: bytes
    answer: bytes


def frame(exchange: ServedExchange) -> list[bytes]:
    """Return the pieces of a frame, to be sent one after the other."""
    # Not `asdict`, which copies deeply: this is on the request path.
    head = json.dumps(vars(exchange.head)).encode()
    sizes = _SIZES.pack(len(head), len(exchange.request), len(exchange.answer))
    return [sizes + head, exchange.request, exchange.answer]


def take_frames(buffer: bytearray) -> Iterator[ServedExchange]:
    """Take the whole frames from the front of a buffer."""
    begin = 0
    with memoryview(buffer) as view:
        while len(view) - begin >= _SIZES.size:
            sizes = _SIZES.unpack_from(view, begin)
            head, request, answer, end = accumulate(sizes, initial=begin + _SIZES.size)
            if len(view) < end:
                break
            known = ExchangeHead(**json.loads(bytes(view[head:request])))
            yield ServedExchange(known, bytes(view[request:answer]), bytes(view[answer:end]))
            begin = end
    del buffer[:begin]
