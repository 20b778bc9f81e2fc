"""The year as a picture: drift, accuracy true and estimated, and what the policy said."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from components.common.artifacts.monitoring.drift_report import WORDS, Harm
from components.common.report.plot_style import BLUE, INK, MUTED, ORANGE, png, style
from pipelines.simulate.year import Lived

_COLOURS = {
    "keep": "#b8c0c8",
    "ask": "#d9a400",
    "fix_camera": "#7a4fd0",
    "blind": "#d03030",
    "retrain": "#1a9c5b",
}
_LEAST_DRIFT, _MOST_DRIFT = 0.2, 20.0


def timeline(weeks: Sequence[Lived]) -> bytes:
    """Draw the weeks one below the other in three panels; returns PNG bytes.

    Shaded stretches say what really happened at the plant, which the monitor does not know.
    """
    import seaborn
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(style(axes_grid=False, axes_edgecolor=MUTED)):
        figure = Figure(figsize=(11.0, 7.2), layout="constrained")
        drift, accuracy, words = figure.subplots(3, 1, sharex=True, height_ratios=(1.0, 1.5, 0.9))
    _draw_drift(drift, weeks)
    _draw_accuracy(accuracy, weeks)
    _draw_words(words, weeks)
    for name, first, last in stretches(weeks):
        for axes in (drift, accuracy, words):
            axes.axvspan(first - 0.5, last + 0.5, color="#b58a2b", alpha=0.09, linewidth=0)
        place = (first - 0.4, 1.02)
        drift.annotate(name, place, xycoords=("data", "axes fraction"), fontsize=8, color=MUTED)
    seaborn.despine(figure)
    return png(figure)


def _draw_drift(axes: Any, weeks: Sequence[Lived]) -> None:
    values = np.clip([one.drift for one in weeks], _LEAST_DRIFT, _MOST_DRIFT)
    numbers = [one.now.week for one in weeks]
    axes.axhline(1.0, color=MUTED, linewidth=1, linestyle="--")
    axes.plot(numbers, values, color=BLUE, marker="o", markersize=3, linewidth=1.2)
    axes.set_yscale("log")
    axes.set_yticks([0.3, 1, 3, 10], ["0.3", "1", "3", "10"])
    axes.set_ylabel("drift\n(1 = alarm)")


def _draw_accuracy(axes: Any, weeks: Sequence[Lived]) -> None:
    numbers = [one.now.week for one in weeks]
    low, middle, high = np.transpose([_estimated(one.harm) for one in weeks])
    axes.fill_between(numbers, low, high, color=ORANGE, alpha=0.18, linewidth=0)
    estimate = "as the monitor estimates it, with its 90 % interval"
    axes.plot(numbers, middle, color=ORANGE, linewidth=1.4, label=estimate)
    axes.plot(numbers, [one.accuracy for one in weeks], color=INK, linewidth=1.4, label="true")
    green = _COLOURS["retrain"]
    for before, after in itertools.pairwise(weeks):
        if after.version != before.version:
            axes.axvline(after.now.week - 0.5, color=green, linewidth=1.2)
            axes.annotate(
                f"version {after.version}",
                (after.now.week - 0.4, 0.02),
                xycoords=("data", "axes fraction"),
                color=green,
                fontsize=8,
            )
    axes.set_ylabel("accuracy")
    axes.legend(loc="lower left", frameon=False, fontsize=8)


def _estimated(harm: Harm | None) -> tuple[float, float, float]:
    """Return the lower bound, the estimate and the upper bound of the accuracy."""
    if harm is None:
        return math.nan, math.nan, math.nan
    low, middle, high = (
        harm.reference_accuracy - loss / 100.0 for loss in (harm.high, harm.loss_points, harm.low)
    )
    return max(low, 0.0), middle, min(high, 1.0)


def _draw_words(axes: Any, weeks: Sequence[Lived]) -> None:
    for one in weeks:
        word = one.decision.word
        axes.scatter(one.now.week, WORDS.index(word), color=_COLOURS[word], s=34, marker="s")
        if one.asked:
            place = WORDS.index("ask")
            axes.scatter(one.now.week, place, edgecolor=_COLOURS["ask"], color="none", s=34)
        if one.decision.word != "keep" and one.explanation.fault:
            axes.annotate(
                one.explanation.fault,
                (one.now.week, WORDS.index(word)),
                xytext=(0, 6),
                textcoords="offset points",
                fontsize=6,
                color=MUTED,
                ha="center",
            )
    axes.set_yticks(range(len(WORDS)), [word.replace("_", " ") for word in WORDS])
    axes.set_ylim(-0.6, len(WORDS) - 0.2)
    axes.set_xlim(0.3, len(weeks) + 0.7)
    axes.set_xlabel("week")


def stretches(weeks: Sequence[Lived]) -> list[tuple[str, int, int]]:
    """Return what really happened, with its first and last week, in the order in which it began."""
    inside: dict[str, list[int]] = {}
    for one in weeks:
        for name in one.now.unusual:
            inside.setdefault(name, []).append(one.now.week)
    return [(name, min(found), max(found)) for name, found in inside.items()]
