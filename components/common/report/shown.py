"""What a step shows on a dashboard, and how kfp's artifacts take it."""

import dataclasses
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class MetricsLike(Protocol):
    """Where a dashboard gets figures from: kfp's `Metrics`."""

    def log_metric(self, metric: str, value: float) -> None:
        """Take one figure."""


class ClassificationLike(Protocol):
    """Where a dashboard gets a confusion matrix and a curve from: kfp's `ClassificationMetrics`."""

    def log_confusion_matrix(self, categories: list[str], matrix: list[list[int]]) -> None:
        """Take pictures by true class (rows) and decided class."""

    def log_roc_curve(self, fpr: list[float], tpr: list[float], threshold: list[float]) -> None:
        """Take the points of a ROC curve."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a dashboard shows of a step: figures by name, an HTML page, confusions and a curve."""

    page: Path
    figures: Mapping[str, float] = dataclasses.field(default_factory=dict)
    classification: "Classification | None" = None


@dataclass(frozen=True, kw_only=True)
class Classification:
    """A confusion matrix, rows are the truth, and the points of a ROC curve.

    roc: false-alarm rate, share found and threshold, all finite, the strictest threshold first;
        () where no curve is defined.
    """

    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    roc: tuple[tuple[float, float, float], ...] = ()


def publish(
    shown: Shown,
    metrics: MetricsLike | None,
    page: Path | None,
    classification: ClassificationLike | None,
) -> None:
    """Hand over what is shown; `page` is where the HTML page goes."""
    if metrics is not None:
        for name, value in shown.figures.items():
            metrics.log_metric(name, value)
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shown.page, page)
    if classification is not None and shown.classification is not None:
        known = shown.classification
        classification.log_confusion_matrix(
            list(known.classes), [list(row) for row in known.confusion]
        )
        if known.roc:
            classification.log_roc_curve(*(list(column) for column in zip(*known.roc, strict=True)))
