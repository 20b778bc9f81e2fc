"""The lines of the page's tables, in the order in which a reader needs them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.artifacts.judging.figures import ClassFigures, Corrupted, Metric, Slice
from components.common.statistics.weighted import Integers
from components.evaluate.report.wording import Wording, percent

OF_A_CLASS = ("recall", "precision", "f1", "roc_auc")
OF_A_SLICE = ("accuracy", "balanced_accuracy", "roc_auc")
_CHANGES = ("accuracy", "balanced_accuracy", "roc_auc", "f1", "log_loss", "calibration_error")
_PAIRS = 10


@dataclass(frozen=True, kw_only=True)
class FigureRow:
    """A metric; bar positions are percent of the width, None without an upper end."""

    label: str
    meaning: str
    value: str
    interval: str
    bar: tuple[float, float, float] | None  # low, value, high


@dataclass(frozen=True, kw_only=True)
class FigureCell:
    """A number with the range below it, "" where there is none."""

    value: str
    interval: str = ""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """How often one class was taken for another; `share` is of the class's pictures."""

    truth: str
    decision: str
    count: int
    share: str


@dataclass(frozen=True, kw_only=True)
class ChangeRow:
    """A metric of both models; `better` is None where they are equal."""

    label: str
    value: str
    serving: str
    change: str
    better: bool | None


@dataclass(frozen=True, kw_only=True)
class Severity:
    """Accuracy under one fault; `loss` in [0, 1] is what it costs, 0 where that may be chance."""

    value: str
    change: str
    loss: float


def figure_rows(info: EvaluationInfo, wording: Wording) -> list[FigureRow]:
    """Return a line for each metric of the candidate."""
    return [
        FigureRow(
            label=wording.label(one.name),
            meaning=wording.say(f"metric.{one.name}.meaning"),
            value=wording.number(one.name, one.value),
            interval=wording.interval(one),
            bar=None
            if one.name == "log_loss"
            else (100 * one.low, 100 * one.value, 100 * one.high),
        )
        for one in info.metrics
    ]


def change_rows(info: EvaluationInfo, wording: Wording) -> list[ChangeRow]:
    """Return a line for each metric that both models have."""
    serving = {one.name: one.value for one in info.incumbent_metrics}
    lines = []
    for one in info.metrics:
        if one.name not in _CHANGES or one.name not in serving:
            continue
        change = one.value - serving[one.name]
        gain = -change if one.name in ("log_loss", "calibration_error") else change
        lines.append(
            ChangeRow(
                label=wording.label(one.name),
                value=wording.number(one.name, one.value),
                serving=wording.number(one.name, serving[one.name]),
                change=wording.change(one.name, change),
                better=None if abs(change) < 5e-4 else gain > 0,
            )
        )
    return lines


def classes_by_need(info: EvaluationInfo) -> list[ClassFigures]:
    """Return the classes, those first that are surely recognised least often.

    Sorted by the upper end of the recall's interval: few pictures make it high.
    """

    def need(one: ClassFigures) -> tuple[float, float]:
        recall = next((metric for metric in one.metrics if metric.name == "recall"), None)
        return (recall.high, recall.value) if recall else (2.0, 2.0)

    return sorted(info.per_class, key=need)


def cells(metrics: Iterable[Metric], names: Sequence[str], wording: Wording) -> list[FigureCell]:
    """Return a cell for each name."""
    known = {metric.name: metric for metric in metrics}
    return [
        FigureCell(
            value=wording.number(name, known[name].value), interval=wording.interval(known[name])
        )
        if name in known
        else FigureCell(value="–", interval=wording.say("not_computable"))
        for name in names
    ]


def worst_pairs(counts: Integers, classes: Sequence[str]) -> list[Pair]:
    """Return the most frequent confusions, at most ten; of equal ones the larger share first."""
    totals = np.maximum(counts.sum(axis=1), 1)
    found = [
        (int(counts[truth, said]), counts[truth, said] / totals[truth], truth, said)
        for truth, said in zip(*np.nonzero(counts), strict=True)
        if truth != said
    ]
    found.sort(key=lambda one: (-one[0], -one[1]))
    return [
        Pair(truth=classes[truth], decision=classes[said], count=count, share=percent(share))
        for count, share, truth, said in found[:_PAIRS]
    ]


def slices_by_need(info: EvaluationInfo) -> list[Slice]:
    """Return the parts, those that are worse with evidence first, in their own order else."""
    return sorted(info.slices, key=lambda one: not one.worse)


def robustness_rows(
    measured: Sequence[Corrupted], wording: Wording
) -> list[tuple[str, list[Severity | None]]]:
    """Return a line for each fault, costliest first, with a place for each severity measured."""
    severities = sorted({one.severity for one in measured})
    by_name: dict[str, dict[int, Corrupted]] = {}
    for one in measured:
        by_name.setdefault(one.name, {})[one.severity] = one

    def shown(one: Corrupted) -> Severity:
        return Severity(
            value=percent(one.metric.value),
            change=wording.change("accuracy", one.change.value),
            loss=float(np.clip(-one.change.value, 0, 1)) if one.change.high < 0 else 0.0,
        )

    lines = [
        (name, [shown(found[at]) if at in found else None for at in severities])
        for name, found in by_name.items()
    ]
    return sorted(lines, key=lambda line: -sum(one.loss for one in line[1] if one))
