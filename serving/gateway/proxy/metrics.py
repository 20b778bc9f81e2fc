"""The gateway's own numbers, as Prometheus text under /gateway/metrics."""

from collections.abc import Callable, Mapping

from serving.server.metrics import Registry

_SECONDS = tuple(0.0001 * 2**power for power in range(20))  # 0.1 ms to about a minute
PREFIX = "graft_gateway_"


class GatewayMetrics:
    """Counts what passes; what the tap knows is asked for when the page is."""

    def __init__(self) -> None:
        self._registry = Registry()
        self._gauges: dict[str, Callable[[], float]] = {}
        self._counts: list[Callable[[], Mapping[str, int]]] = []

    def request(self, interface: str, status: str, *, seconds: float) -> None:
        """Count a finished request and the time it took, in seconds."""
        labels = (("interface", interface), ("status", status))
        self._registry.count(f"{PREFIX}requests_total", labels)
        self._registry.observe(
            f"{PREFIX}request_seconds", (("interface", interface),), seconds, _SECONDS
        )

    def refused(self, reason: str) -> None:
        """Count a request that never reached the model server."""
        self._registry.count(f"{PREFIX}refused_total", (("reason", reason),))

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Show a number that goes up and down."""
        self._gauges[name] = read

    def counts(self, read: Callable[[], Mapping[str, int]]) -> None:
        """Show counters that somebody else keeps, by name."""
        self._counts.append(read)

    def page(self) -> str:
        """Return everything in Prometheus' text format."""
        lines = [self._registry.page().strip("\n")]
        for name, gauge in self._gauges.items():
            lines += [f"# TYPE {PREFIX}{name} gauge", f"{PREFIX}{name} {gauge():g}"]
        for counts in self._counts:
            for name, value in counts().items():
                full = f"{PREFIX}{name}_total"
                lines += [f"# TYPE {full} counter", f"{full} {value}"]
        return "\n".join(filter(None, lines)) + "\n"
