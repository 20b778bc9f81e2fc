"""The figures in plain words, for somebody who makes things and not models."""

from dataclasses import dataclass

from components.common.artifacts.evaluation import EvaluationInfo, Metric
from components.common.statistics.figures import LABELS
from components.common.statistics.weighted import Integers

_SHARES = ("accuracy", "balanced_accuracy", "calibration_error")


@dataclass(frozen=True)
class MetricText:
    """How a metric is called and explained. `as_percent` says how it is printed."""

    label: str
    meaning: str
    as_percent: bool

    def number(self, value: float) -> str:
        """Return the value as the report prints it."""
        return f"{100 * value:.1f} %" if self.as_percent else f"{value:.3f}"

    def interval(self, metric: Metric) -> str:
        """Return "80.1 % to 89.0 %"."""
        return f"{self.number(metric.low)} to {self.number(metric.high)}"


def metric_texts(positive: str) -> dict[str, MetricText]:
    """Return the texts of all metrics; `positive` is "" with three or more classes."""
    one = f"a random “{positive}” picture" if positive else "a random picture of a class"
    found = f"finding “{positive}” pictures" if positive else "finding each class"
    meanings = {
        "accuracy": "Pictures decided correctly.",
        "balanced_accuracy": "The same, but every class counts equally, however rare it is.",
        "f1": f"Balance between {found} and not raising false alarms. 1 is perfect.",
        "roc_auc": f"Chance that {one} scores above one that is not. Guessing gives 0.5.",
        "average_precision": "How many alarms are right, over all operating points. 1 is perfect; "
        "guessing gives the share of such pictures.",
        "log_loss": "Penalty for being wrong, heavier when sure. Lower is better, 0 is perfect.",
        "calibration_error": "How far stated confidence and the share that was right lie apart. "
        "Lower is better. Resampling adds noise, so the interval tends to lie above the value.",
    }
    return {
        name: MetricText(LABELS[name][0].upper() + LABELS[name][1:], meaning, name in _SHARES)
        for name, meaning in meanings.items()
    }


def headline(info: EvaluationInfo) -> str:
    """Say how good the model is, in one sentence, without judging whether that is enough."""
    metric = next((metric for metric in info.metrics if metric.name == "accuracy"), None)
    if metric is None:
        return "The accuracy could not be computed."
    low, high = _percent(metric.low), _percent(metric.high)
    return (
        f"Of 100 new pictures like these, the model decides about {_percent(metric.value)} "
        f"correctly (95 % interval: {low} to {high})."
    )


def error_sentences(counts: Integers, classes: tuple[str, ...], positive: str) -> list[str]:
    """Say what the mistakes mean on the shop floor.

    Args:
        counts: confusion matrix [C, C], rows are the truth.
        classes: names, in the matrix's order.
        positive: the class that alarms are about; "" with three or more classes.
    """
    if len(classes) != 2 or positive not in classes:
        return _class_sentences(counts, classes)
    yes = classes.index(positive)
    no = 1 - yes
    hits, missed, alarms = int(counts[yes, yes]), int(counts[yes, no]), int(counts[no, yes])
    return [
        _share(hits, hits + missed, f"“{positive}” pictures were found; {missed} were missed."),
        _share(hits, hits + alarms, f"“{positive}” alarms were right; {alarms} were false alarms."),
    ]


def _class_sentences(counts: Integers, classes: tuple[str, ...]) -> list[str]:
    sentences = []
    for position, name in enumerate(classes):
        hits, total = int(counts[position, position]), int(counts[position].sum())
        if total:
            sentences.append(_share(hits, total, f"“{name}” pictures were recognised."))
    return sentences


def _share(part: int, whole: int, what: str) -> str:
    if not whole:
        return f"0 of 0 {what}"
    return f"{part} of {whole} ({_percent(part / whole)} %) {what}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f}"
