"""One HTML page that holds everything about an evaluation."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.artifacts.candidate import CandidateInfo
from components.common.artifacts.dataset import DatasetInfo
from components.common.artifacts.decision import Decision
from components.common.artifacts.evaluation import EvaluationInfo, Metric, Slice
from components.common.artifacts.exported import ExportInfo
from components.common.artifacts.lineage import Provenance
from components.common.report import page
from components.common.run_context import RunContext
from components.common.statistics.weighted import Integers
from components.evaluate.report import wording
from components.evaluate.report.plots import row_shares
from components.evaluate.report.wording import MetricText

TEMPLATE = Path(__file__).with_name("template.html")
_SLICE_METRICS = ("accuracy", "balanced_accuracy", "roc_auc", "average_precision")


@dataclass(frozen=True, kw_only=True)
class ReportContent:
    """All that the page shows."""

    evaluation: EvaluationInfo
    exported: ExportInfo
    candidate: CandidateInfo
    decision: Decision | None
    dataset: DatasetInfo
    splits: list[dict[str, Any]]
    straddling_groups: int
    confusion: Integers
    figures: dict[str, bytes]
    mistakes: list[dict[str, Any]]
    mistakes_in_all: int
    origins: list[Provenance]
    run: RunContext


def render(content: ReportContent) -> str:
    """Return the page as HTML text."""
    info = content.evaluation
    texts = wording.metric_texts(info.positive)
    return page.render(
        TEMPLATE,
        content=content,
        headline=wording.headline(info),
        sentences=wording.error_sentences(content.confusion, info.classes, info.positive),
        rows=[_metric_row(metric, info, texts[metric.name]) for metric in info.metrics],
        slice_labels=[texts[name].label for name in _SLICE_METRICS],
        slices=[(part, _slice_cells(part, texts)) for part in info.slices],
        shares=row_shares(content.confusion),
        origins=[(one, _settings(one)) for one in content.origins],
    )


def _settings(origin: Provenance) -> list[tuple[str, str]]:
    return [(name, json.dumps(value)) for name, value in sorted(json.loads(origin.config).items())]


def _metric_row(metric: Metric, info: EvaluationInfo, text: MetricText) -> dict[str, Any]:
    """Return a line of the table; bar positions are percent of the width, -1 without a bar."""
    incumbent = next((other for other in info.incumbent_metrics if other.name == metric.name), None)
    shown = metric.name != "log_loss"  # has no upper end
    return {
        "label": text.label,
        "meaning": text.meaning,
        "value": text.number(metric.value),
        "interval": text.interval(metric),
        "incumbent": text.number(incumbent.value) if incumbent else "",
        "bar_low": 100 * metric.low if shown else -1,
        "bar_high": 100 * metric.high if shown else -1,
        "bar_value": 100 * metric.value if shown else -1,
    }


def _slice_cells(part: Slice, texts: dict[str, MetricText]) -> list[tuple[str, str]]:
    by_name = {metric.name: metric for metric in part.metrics}
    return [
        (texts[name].number(by_name[name].value), texts[name].interval(by_name[name]))
        if name in by_name
        else ("–", "not computable")
        for name in _SLICE_METRICS
    ]
