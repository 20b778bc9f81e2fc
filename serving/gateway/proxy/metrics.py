"""The gateway's own numbers, as Prometheus text under /gateway/metrics."""

from collections.abc import Callable, Iterator, Mapping

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

NAMESPACE = "graft_gateway"
_SECONDS = tuple(0.0001 * 2**power for power in range(20))  # 0.1 ms to about a minute
disable_created_metrics()


class GatewayMetrics:
    """Counts what passes; what the log queue knows is asked for when the page is."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "requests",
            "Finished requests.",
            ("interface", "status"),
            namespace=NAMESPACE,
            registry=self._registry,
        )
        self._seconds = Histogram(
            "request_seconds",
            "Wall time of a request at the gateway.",
            ("interface",),
            namespace=NAMESPACE,
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._refused = Counter(
            "refused",
            "Requests that never reached the model server.",
            ("reason",),
            namespace=NAMESPACE,
            registry=self._registry,
        )

    def request(self, interface: str, status: str, *, seconds: float) -> None:
        """Count a finished request and the time it took, in seconds."""
        self._requests.labels(interface, status).inc()
        self._seconds.labels(interface).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a request that never reached the model server."""
        self._refused.labels(reason).inc()

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Show a number that goes up and down."""
        shown = Gauge(name, name, namespace=NAMESPACE, registry=self._registry)
        shown.set_function(read)

    def counts(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Show counters that somebody else keeps, by name."""
        self._registry.register(_LogCounts(read))

    def page(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)


class _LogCounts(Collector):
    """Counters whose values are read when the page is."""

    def __init__(self, read: Callable[[], Mapping[str, int]]) -> None:
        self._read = read

    def collect(self) -> Iterator[CounterMetricFamily]:
        for name, value in self._read().items():
            yield CounterMetricFamily(f"{NAMESPACE}_{name}", name, value=value)
