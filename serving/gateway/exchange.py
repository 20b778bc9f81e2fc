"""One request and its answer, on the way from the proxy to the log's process.

A frame is a small JSON head between two raw bodies: bytes are copied, never encoded.
"""

import json
import struct
from dataclasses import dataclass
from typing import Final, Literal

REST: Final = "REST"
GRPC: Final = "gRPC"
_SIZES = struct.Struct("!III")
SIZES_BYTES = _SIZES.size


@dataclass(frozen=True, kw_only=True)
class Head:
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
class Exchange:
    """One request and its answer, as they crossed the wire."""

    head: Head
    request: bytes
    answer: bytes


@dataclass(frozen=True)
class Sizes:
    """How long the parts of a frame are, in bytes."""

    head: int
    request: int
    answer: int

    @property
    def total(self) -> int:
        """All three together."""
        return self.head + self.request + self.answer


def frame(exchange: Exchange) -> list[bytes]:
    """Return the pieces of a frame, to be sent one after the other."""
    # Not `asdict`, which copies deeply: this is on the request path.
    head = json.dumps(vars(exchange.head)).encode()
    sizes = _SIZES.pack(len(head), len(exchange.request), len(exchange.answer))
    return [sizes + head, exchange.request, exchange.answer]


def read_sizes(data: bytes) -> Sizes:
    """Read the first SIZES_BYTES of a frame."""
    return Sizes(*_SIZES.unpack(data))


def read_frame(sizes: Sizes, body: memoryview) -> Exchange:
    """Read the rest of a frame."""
    request = sizes.head + sizes.request
    head = Head(**json.loads(bytes(body[: sizes.head])))
    return Exchange(head, bytes(body[sizes.head : request]), bytes(body[request:]))
