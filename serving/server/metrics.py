"""Counters and histograms under TF Serving's own names, as Prometheus text."""

import threading

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

# monitoring::Buckets::Exponential(10, 1.8, 33): 10 us to about 20 minutes.
_MICROSECONDS = tuple(10 * 1.8**power for power in range(33))
_PREFIX = ":tensorflow:serving:"
MAX_MODELS = 500
OTHER_MODELS = "other"

disable_created_metrics()
_REGISTRY = CollectorRegistry()
_REQUESTS = Counter(
    f"{_PREFIX}request_count", "Finished requests.", ("model_name", "status"), registry=_REGISTRY
)


def _histogram(name: str, what: str, *labels: str) -> Histogram:
    what = f"Wall time of {what}, in microseconds."
    return Histogram(_PREFIX + name, what, labels, buckets=_MICROSECONDS, registry=_REGISTRY)


_LATENCY = _histogram(
    "request_latency", "a successful request at the server", "model_name", "API", "entrypoint"
)
_RUNTIME = _histogram("runtime_latency", "a run of the graph", "model_name", "API", "runtime")
_WARMUP = _histogram("model_warmup_latency", "a version's warm-up", "model_path", "status")
_models: set[str] = set()
_models_lock = threading.Lock()


def page() -> bytes:
    """Return everything in Prometheus' text format.

    The library ends a counter's name with `_total`; TensorFlow Serving's only counter here does
    not, and dashboards ask for its name.
    """
    name = f"{_PREFIX}request_count".encode()
    return generate_latest(_REGISTRY).replace(name + b"_total", name)


def request_count(model: str, status: str) -> None:
    """Count a finished request by the name of its status code."""
    _REQUESTS.labels(_known(model), status).inc()


def request_latency(model: str, api: str, entrypoint: str, seconds: float) -> None:
    """Record the wall time of a successful request."""
    _LATENCY.labels(model, api, entrypoint).observe(seconds * 1e6)


def runtime_latency(model: str, seconds: float) -> None:
    """Record the wall time of a run of the graph."""
    _RUNTIME.labels(model, "Predict", "TF1").observe(seconds * 1e6)


def warmup_latency(path: str, status: str, seconds: float) -> None:
    """Record how long a version's warm-up took."""
    _WARMUP.labels(path, status).observe(seconds * 1e6)


def _known(model: str) -> str:
    """Return the name to count under: names come from clients, and wrong ones could be endless."""
    with _models_lock:
        if model not in _models and len(_models) >= MAX_MODELS:
            return OTHER_MODELS
        _models.add(model)
        return model
