"""Figures about a model for Prometheus, kept beside its versions: jobs write, the gateway shows.

<base path>/<model name>/metrics/<writer>.prom

The text format of Prometheus, so that node_exporter's textfile collector can read the same files.
A file is replaced as a whole by the one step that writes it.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from components.common import files
from components.common.artifacts.model_folder import METRICS

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

LOG = logging.getLogger(__name__)
_SUFFIX = ".prom"


@dataclass(frozen=True)
class Figure:
    """One gauge: a value, or one for each value of the label `by`; without any it is left out."""

    name: str
    text: str
    values: float | Mapping[str, float] | None
    by: str = ""


def write_figures(model_dir: Path, writer: str, figures: Iterable[Figure]) -> None:
    """Replace what a step says of a model; a disk that refuses is warned of, no more.

    Args:
        model_dir: `<base path>/<model name>`; its name becomes the label `model`.
        writer: of the file.
        figures: all that it says.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry = CollectorRegistry()
    for figure in figures:
        labels = ("model", figure.by) if figure.by else ("model",)
        gauge = Gauge(figure.name, figure.text, labels, registry=registry)
        if isinstance(figure.values, Mapping):
            for label, value in figure.values.items():
                gauge.labels(model_dir.name, label).set(value)
        elif figure.values is not None:
            gauge.labels(model_dir.name).set(figure.values)
    path = model_dir / METRICS / f"{writer}{_SUFFIX}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_bytes(path, generate_latest(registry))
    except OSError as error:
        LOG.warning("%s is not written, so dashboards keep the last figures: %s", path, error)


def figures_page(base_path: Path) -> bytes:
    """Return the figures of all models below a folder in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.registry import Collector

    class Found(Collector):
        def collect(self) -> "list[Metric]":
            return read_figures(base_path)

    registry = CollectorRegistry()
    registry.register(Found())
    return generate_latest(registry)


def read_figures(base_path: Path) -> "list[Metric]":
    """Return the figures of all models below a folder; a file that cannot be read is left out."""
    from prometheus_client.parser import text_string_to_metric_families

    found: dict[str, Metric] = {}
    for path in sorted(base_path.glob(f"*/{METRICS}/*{_SUFFIX}")):
        try:
            families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            LOG.warning("the figures in %s cannot be read: %s", path, error)
            continue
        for family in families:
            found.setdefault(family.name, family)
            if found[family.name] is not family:
                found[family.name].samples.extend(family.samples)
    return list(found.values())
