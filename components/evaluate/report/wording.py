"""The figures in plain words, for somebody who makes things and not models."""

from dataclasses import dataclass

import numpy as np

from components.common.artifacts.inspection import GroupFinding
from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.artifacts.judging.figures import Metric
from components.common.report.texts import Texts
from components.common.statistics.weighted import Integers

_SHARES = frozenset(
    {"accuracy", "balanced_accuracy", "calibration_error", "precision", "recall", "harmonic_mean"}
)
_WEAKEST = 2  # classes that are named at the top


@dataclass(frozen=True)
class Wording:
    """How figures are printed and called in one language."""

    say: Texts

    def label(self, name: str) -> str:
        """Return what a reader calls a metric."""
        return self.say(f"metric.{name}")

    def number(self, name: str, value: float) -> str:
        """Return the value of a metric as the page prints it."""
        return f"{100 * value:.1f} %" if name in _SHARES else f"{value:.3f}"

    def change(self, name: str, value: float) -> str:
        """Return a difference of a metric: "+1.5 points" where the metric is a share."""
        if name in _SHARES:
            return self.say("points", value=_signed(100 * value, 1))
        return _signed(value, 3)

    def interval(self, metric: Metric) -> str:
        """Return "80.1 to 89.0 %"."""
        if metric.name in _SHARES:
            return self.say(
                "interval", low=f"{100 * metric.low:.1f}", high=f"{100 * metric.high:.1f} %"
            )
        return self.say("interval", low=f"{metric.low:.3f}", high=f"{metric.high:.3f}")

    def known(self, kind: str, name: str) -> str:
        """Return the word for a name that Graft gave (a fault, a split), others unchanged."""
        return self.say.or_else(f"{kind}.{name}", name)

    def headline(self, info: EvaluationInfo, groups: GroupFinding | None) -> str:
        """Say how good the model is, in one sentence, without judging whether that is enough.

        Args:
            info: what was measured.
            groups: where they are proposed, so that pictures of one straddle the splits, the
                sentence promises nothing of new ones.
        """
        metric = next((metric for metric in info.metrics if metric.name == "accuracy"), None)
        if metric is None:
            return self.say("headline.none")
        value, low, high = (f"{100 * one:.0f}" for one in (metric.value, metric.low, metric.high))
        if groups and groups.proposed:
            fewer = f"{100 * max(0.0, metric.value - groups.flattery.value):.0f}"
            return self.say("headline.flattered", value=value, fewer=fewer, groups=groups.groups)
        return self.say("headline", value=value, low=low, high=high)

    def tiles(self, counts: Integers, classes: tuple[str, ...], positive: str) -> list[str]:
        """Say what the mistakes mean on the shop floor.

        Args:
            counts: confusion matrix [C, C], rows are the truth.
            classes: names, in the matrix's order.
            positive: the class that alarms are about; "" with three or more classes.
        """
        if len(classes) != 2 or positive not in classes:
            return self._weakest(counts, classes)
        yes = classes.index(positive)
        hits, missed = int(counts[yes, yes]), int(counts[yes, 1 - yes])
        alarms = int(counts[1 - yes, yes])
        return [
            self._share("tile.found", hits, hits + missed, positive),
            self._share("tile.alarms", hits, hits + alarms, positive),
        ]

    def _weakest(self, counts: Integers, classes: tuple[str, ...]) -> list[str]:
        hits, totals = np.diag(counts), counts.sum(axis=1)
        present = np.flatnonzero(totals)
        missed = [place for place in present if hits[place] < totals[place]]
        missed.sort(key=lambda place: hits[place] / totals[place])
        said = [
            self._share("tile.weakest", int(hits[one]), int(totals[one]), classes[one])
            for one in missed[:_WEAKEST]
        ]
        perfect = self.say("tile.perfect", count=len(present) - len(missed), classes=len(present))
        return [*said, perfect]

    def _share(self, key: str, part: int, whole: int, name: str) -> str:
        share = percent(part / whole) if whole else "–"
        return self.say(key, part=part, whole=whole, share=share, name=name, rest=whole - part)


def _signed(value: float, digits: int) -> str:
    """Return "+1.5", and "+0.0" for what rounds to nothing from below."""
    return f"{round(value, digits) + 0.0:+.{digits}f}"


def percent(share: float) -> str:
    """Return "83 %"."""
    return f"{100 * share:.0f} %"
