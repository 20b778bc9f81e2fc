"""Counters and histograms under TF Serving's own names, as Prometheus text."""

import bisect
import threading
from dataclasses import dataclass, field

# monitoring::Buckets::Exponential(10, 1.8, 33): 10 us to about 20 minutes.
_LIMITS = tuple(10 * 1.8**power for power in range(33))
_EXAMPLE_LIMITS = tuple(float(2**power) for power in range(15))

# Model names come from clients: without a limit, wrong ones would fill the memory.
MAX_CELLS = 2000

Labels = tuple[tuple[str, str], ...]


@dataclass
class _Histogram:
    limits: tuple[float, ...]
    total: float = 0.0
    buckets: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.buckets = [0] * (len(self.limits) + 1)

    def add(self, value: float) -> None:
        self.total += value
        self.buckets[bisect.bisect_right(self.limits, value)] += 1


class Registry:
    """Thread-safe metrics; cells appear with their first value."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[str, dict[Labels, int]] = {}
        self._histograms: dict[str, dict[Labels, _Histogram]] = {}

    def count(self, name: str, labels: Labels, amount: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            cells = self._counters.setdefault(name, {})
            if labels not in cells and len(cells) >= MAX_CELLS:
                return
            cells[labels] = cells.get(labels, 0) + amount

    def observe(
        self, name: str, labels: Labels, value: float, limits: tuple[float, ...] = _LIMITS
    ) -> None:
        """Add a value to a histogram."""
        with self._lock:
            cells = self._histograms.setdefault(name, {})
            if labels not in cells:
                if len(cells) >= MAX_CELLS:
                    return
                cells[labels] = _Histogram(limits)
            cells[labels].add(value)

    def page(self) -> str:
        """Return everything in the text format of util/prometheus_exporter.cc."""
        with self._lock:
            lines: list[str] = []
            for name in sorted({*self._counters, *self._histograms}):
                lines += self._metric(name)
        return "\n".join(lines) + "\n"

    def _metric(self, name: str) -> list[str]:
        public = name.replace("/", ":")
        if name in self._counters:
            return [
                f"# TYPE {public} counter",
                *(
                    f"{public}{{{_text(labels)}}} {value}"
                    for labels, value in self._counters[name].items()
                ),
            ]
        lines = [f"# TYPE {public} histogram"]
        for labels, histogram in self._histograms[name].items():
            lines += _histogram_lines(public, _text(labels), histogram)
        return lines


def _histogram_lines(name: str, labels: str, histogram: _Histogram) -> list[str]:
    lines: list[str] = []
    count = 0
    edges = [f"{limit:g}" for limit in histogram.limits] + ["+Inf"]
    for edge, amount in zip(edges, histogram.buckets, strict=True):
        count += amount
        lines.append(f'{name}_bucket{{{labels},le="{edge}"}} {count}')
    return [
        *lines,
        f"{name}_sum{{{labels}}} {histogram.total:g}",
        f"{name}_count{{{labels}}} {count}",
    ]


def _text(labels: Labels) -> str:
    return ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in labels)


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})

REGISTRY = Registry()


def request_count(model: str, status: str) -> None:
    """Count a finished request by the name of its status code."""
    REGISTRY.count("/tensorflow/serving/request_count", (("model_name", model), ("status", status)))


def request_latency(model: str, api: str, entrypoint: str, seconds: float) -> None:
    """Record the wall time of a successful request, at the server."""
    REGISTRY.observe(
        "/tensorflow/serving/request_latency",
        (("model_name", model), ("API", api), ("entrypoint", entrypoint)),
        seconds * 1e6,
    )


def runtime_latency(model: str, api: str, seconds: float) -> None:
    """Record the wall time of a run of the graph."""
    REGISTRY.observe(
        "/tensorflow/serving/runtime_latency",
        (("model_name", model), ("API", api), ("runtime", "TF1")),
        seconds * 1e6,
    )


def warmup_latency(path: str, status: str, seconds: float) -> None:
    """Record how long a version's warm-up took."""
    REGISTRY.observe(
        "/tensorflow/serving/model_warmup_latency",
        (("model_path", path), ("status", status)),
        seconds * 1e6,
    )


def example_count(model: str, count: int) -> None:
    """Record the examples of a Classify or Regress request."""
    labels = (("model", model),)
    REGISTRY.observe("/tensorflow/serving/request_example_counts", labels, count, _EXAMPLE_LIMITS)
    REGISTRY.count("/tensorflow/serving/request_example_count_total", labels, count)
