"""What both proxies work with, and what they both do at the end of a request."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serving.gateway.exchange import ExchangeHead, ServedExchange
from serving.gateway.log.log_queue import LogQueue
from serving.gateway.proxy.access import Access
from serving.gateway.proxy.admission import Admission
from serving.gateway.proxy.metrics import GatewayMetrics
from serving.gateway.settings import GatewaySettings
from serving.protocol.headers import LOG_HEADER, LOG_OFF, spoken
from serving.protocol.tls import Certificate

# gRPC's metadata wants the name in lower case.
REQUEST_ID = "X-Request-ID"
_LONGEST_ID = 128


@dataclass(frozen=True)
class Call:
    """A request before its body is read: its id, and REST's path or gRPC's full method name."""

    request_id: str
    path: str

    @classmethod
    def named(cls, sent_id: str, path: str) -> "Call":
        """Return a call under the client's id if headers and logs can hold it, else a new one."""
        usable = 0 < len(sent_id) <= _LONGEST_ID and sent_id.isascii() and sent_id.isprintable()
        return cls(sent_id if usable else uuid.uuid4().hex, path)


@dataclass(frozen=True)
class Arrival:
    """When a request came, by two clocks."""

    unix_s: float = field(default_factory=time.time)
    counter_s: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """The time since then."""
        return time.perf_counter() - self.counter_s


@dataclass(frozen=True, kw_only=True)
class ProxyContext:
    """The parts that both proxies share.

    certificate: of the listeners; None without TLS.
    log_queue: None without a log.
    """

    settings: GatewaySettings
    access: Access
    admission: Admission
    certificate: Certificate | None
    metrics: GatewayMetrics
    log_queue: LogQueue | None

    def record(
        self,
        call: Call,
        headers: Mapping[str, str],
        request: bytes,
        answer: bytes,
        *,
        arrival: Arrival,
        interface: Literal["REST", "gRPC"],
        status: int,
        encoding: str = "",
    ) -> None:
        """Offer a finished request to the log; names in `headers` are looked up in lower case."""
        if self.log_queue is None or headers.get(LOG_HEADER.lower(), "") == LOG_OFF:
            return
        log = self.settings.log
        head = ExchangeHead(
            time_unix_s=arrival.unix_s,
            request_id=call.request_id,
            interface=interface,
            path=call.path,
            status=status,
            latency_ms=arrival.seconds * 1000,
            encoding=encoding,
            group=spoken(headers.get(log.group_header.lower(), "")),
            line=spoken(headers.get(log.line_header.lower(), "")),
            camera=spoken(headers.get(log.camera_header.lower(), "")),
        )
        self.log_queue.offer(ServedExchange(head, request, answer))
