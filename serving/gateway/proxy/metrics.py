"""The gateway's own numbers, as Prometheus text; docs/reference/metrics.md lists them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from serving.gateway.exchange import GRPC, REST

NAMESPACE: Final = "graft_gateway"
# Why a request never reached the model server.
REASONS: Final = ("api_key", "too_large", "busy", "slow", "unreachable")
_SECONDS = tuple(0.0001 * 2**power for power in range(20))  # 0.1 ms to about a minute
disable_created_metrics()


class GatewayMetrics:
    """Counts what passes; what the log queue knows is asked for when the page is."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = self._counter(
            "requests", "Finished requests; status is HTTP's or gRPC's.", ("interface", "status")
        )
        self._cancelled = self._counter(
            "cancelled", "Requests whose client gave up before its answer.", ("interface",)
        )
        self._refused = self._counter(
            "refused", "Requests that never reached the model server.", ("reason",)
        )
        self._seconds = Histogram(
            "request_seconds",
            "Wall time of a request at the gateway.",
            ("interface",),
            namespace=NAMESPACE,
            buckets=_SECONDS,
            registry=self._registry,
        )
        # A series exists before its first event, else an alert would not see that event.
        for interface in (REST, GRPC):
            self._cancelled.labels(interface)
            self._seconds.labels(interface)
        for reason in REASONS:
            self._refused.labels(reason)

    def request(self, interface: str, status: str, *, seconds: float, gone: bool = False) -> None:
        """Count a finished request and the time it took, in seconds.

        Args:
            interface: REST or gRPC.
            status: HTTP's number or gRPC's name.
            seconds: from its arrival.
            gone: the client did not wait for the answer.
        """
        self._requests.labels(interface, status).inc()
        self._seconds.labels(interface).observe(seconds)
        if gone:
            self._cancelled.labels(interface).inc()

    def refused(self, reason: str) -> None:
        """Count a request that never reached the model server, by one of REASONS."""
        self._refused.labels(reason).inc()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """Show a number that goes up and down."""
        shown = Gauge(name, text, namespace=NAMESPACE, registry=self._registry)
        shown.set_function(read)

    def counts(self, texts: Mapping[str, str], read: Callable[[], Mapping[str, int]]) -> None:
        """Show counters that somebody else keeps, by name, with their help texts."""
        self._registry.register(_KeptElsewhere(texts, read))

    def page(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, namespace=NAMESPACE, registry=self._registry)


class _KeptElsewhere(Collector):
    """Counters whose values are read when the page is."""

    def __init__(self, texts: Mapping[str, str], read: Callable[[], Mapping[str, int]]) -> None:
        self._texts = texts
        self._read = read

    def collect(self) -> Iterator[CounterMetricFamily]:
        values = self._read()
        for name, text in self._texts.items():
            yield CounterMetricFamily(f"{NAMESPACE}_{name}", text, value=values[name])
