"""The report's plots, as PNG on white; the page inverts them when it is dark.

Legends stand below the axes, so that they hide no curve.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.decision import Decision
from components.common.artifacts.judging.figures import LearningPoint
from components.common.report.plot_style import GRID, MUTED, png
from components.common.report.texts import Texts
from components.common.statistics.figures import CALIBRATION_BINS, Scored, confidence_bins
from components.evaluate.report.canvas import add_legend, figure_with, short

WORST_CURVES = 5  # classes that get a colour; the others are grey
_COLOURS = ("#2a78d6", "#e0662b", "#148f77", "#b8860b", "#8457c9")


def learning_curves(curves: pd.DataFrame, say: Texts) -> bytes | None:
    """Draw loss and accuracy by epoch, training and validation; phases are marked.

    Args:
        curves: CURVE_COLUMNS of the Candidate; a split without values has no curve.
        say: the words.

    Returns:
        PNG bytes, as all functions here; None of a single epoch.
    """
    if curves["epoch"].nunique() < 2:
        return None
    with figure_with() as (figure, axes):
        for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
            for colour, split in zip(_COLOURS, ("train", "validation"), strict=False):
                line = curves[["epoch", f"{split}_{quantity}"]].dropna().to_numpy(dtype=float)
                if len(line):
                    dashes = "--" if split == "train" else "-"
                    label = say("plot.training" if split == "train" else "plot.validation")
                    axis.plot(
                        *line.T, dashes, color=colour, marker="o", markersize=3.5, label=label
                    )
            _mark_phases(axis, curves)
            axis.set(xlabel=say("plot.epoch"), title=say(f"plot.{quantity}"))
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.yaxis.set_major_formatter("{x:.3g}")
        add_legend(figure, axes)
        return png(figure)


def discrimination(scored: Scored, classes: Sequence[str], say: Texts) -> bytes | None:
    """Draw ROC and precision-recall curves; None when no class has both kinds of pictures.

    Of many classes only those that are confused most get a colour and a name.
    """
    from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

    usable = [c for c in scored.averaged_classes if 0 < (scored.targets == c).mean() < 1]
    if not usable:
        return None
    usable.sort(key=lambda c: roc_auc_score(scored.targets == c, scored.probabilities[:, c]))
    with figure_with() as (figure, (left, right)):
        left.plot([0, 1], [0, 1], ":", color=MUTED, label=say("plot.guessing"))
        for order, position in enumerate(usable):
            truth, score = scored.targets == position, scored.probabilities[:, position]
            false_alarms, found, _ = roc_curve(truth, score)
            precision, recall, _ = precision_recall_curve(truth, score)
            look = {"color": GRID, "linewidth": 1, "zorder": 1}
            if order < WORST_CURVES:
                # Later ones are thinner: equal curves do not hide each other.
                width = 2 + 0.8 * (min(len(usable), WORST_CURVES) - 1 - order)
                look = {"color": _COLOURS[order], "label": short(classes[position])}
                look |= {"zorder": 2, "linewidth": width}
            left.plot(false_alarms, found, **look)
            right.step(recall, precision, where="post", **look)
            if len(usable) == 1:
                right.axhline(truth.mean(), linestyle=":", color=MUTED)
            _mark_operating_point(left, right, scored, position, say)
        left.set(xlabel=say("plot.false_alarms"), ylabel=say("plot.found"), title=say("plot.roc"))
        right.set(xlabel=say("plot.recall"), ylabel=say("plot.right_alarms"))
        right.set(title=say("plot.precision_recall"))
        for axis in (left, right):
            axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        add_legend(figure, (left, right))
        return png(figure)


def reliability(scored: Scored, say: Texts) -> bytes:
    """Draw stated against observed frequency, in the bins of the calibration error."""
    confidence = scored.probabilities.max(axis=1)
    right = scored.probabilities.argmax(axis=1) == scored.targets
    bins = confidence_bins(confidence)
    counts = np.bincount(bins, minlength=CALIBRATION_BINS)
    used = np.flatnonzero(counts)
    stated = [confidence[bins == number].mean() for number in used]
    observed = [right[bins == number].mean() for number in used]
    low = max(0.0, 1 / scored.probabilities.shape[1] - 0.04)
    with figure_with() as (figure, (axis, histogram)):
        axis.plot([0, 1], [0, 1], ":", color=MUTED, label=say("plot.perfect"))
        axis.plot(stated, observed, color=_COLOURS[0], linewidth=1.2, alpha=0.6)
        sizes = 18 + 240 * counts[used] / counts.max()
        axis.scatter(stated, observed, s=sizes, color=_COLOURS[0], label=say("plot.model"))
        axis.set(xlabel=say("plot.stated"), ylabel=say("plot.right"), title=say("plot.reliability"))
        axis.set(xlim=(low, 1.03), ylim=(-0.03, 1.05))
        centres = (np.arange(CALIBRATION_BINS) + 0.5) / CALIBRATION_BINS
        histogram.bar(centres, counts, width=0.85 / CALIBRATION_BINS, color=_COLOURS[0])
        histogram.set(xlabel=say("plot.stated"), ylabel=say("plot.pictures"))
        histogram.set(xlim=(low, 1.03), title=say("plot.how_sure"))
        add_legend(figure, (axis,), markerscale=0.5)
        return png(figure)


def layer_profile(decision: Decision, say: Texts) -> bytes | None:
    """Draw the probe's score by depth; None without a profile."""
    profile = decision.profile
    if not profile:
        return None
    places, names = np.arange(len(profile)), [depth.layer for depth in profile]
    with figure_with(size=(6.4, 4.6), panels=1) as (figure, axis):
        figure.subplots_adjust(left=0.11, right=0.98, bottom=0.27, top=0.92)
        scores, errors = [depth.score for depth in profile], [depth.error for depth in profile]
        axis.axhline(decision.chance, linestyle=":", color=MUTED, label=say("plot.guessing"))
        axis.errorbar(places, scores, errors, color=_COLOURS[0], marker="o", capsize=4)
        folds = np.array([depth.folds for depth in profile])
        axis.plot(places, folds, ".", color=_COLOURS[0], alpha=0.35, markersize=5)
        if decision.layer in names:
            end = names.index(decision.layer) + 0.5
            axis.axvline(end, color=_COLOURS[1], label=say("plot.cut", layer=decision.layer))
        axis.set(title=say("plot.profile"))
        axis.set(ylabel=say("plot.probe", figure=say(f"metric.{decision.metric}")))
        axis.set_xticks(places, names, rotation=40, ha="right", fontsize=8)
        axis.legend()
        return png(figure)


def advice(curve: Sequence[LearningPoint], names: dict[str, str], say: Texts) -> bytes | None:
    """Draw the label advisor's learning curves: all classes, and the worst of them.

    Args:
        curve: what was measured.
        names: how a class is called in a plot.
        say: the words.
    """
    by_name: dict[str, list[LearningPoint]] = {}
    for point in curve:
        by_name.setdefault(point.name, []).append(point)
    lines = {name: sorted(found, key=lambda one: one.pictures) for name, found in by_name.items()}
    whole = lines.pop("", None)
    worst = sorted(lines, key=lambda name: lines[name][-1].value)[: WORST_CURVES - 1]
    panels = [[("", whole)] if whole else [], [(name, lines[name]) for name in worst]]
    panels = [panel for panel in panels if panel]
    if not panels:
        return None
    with figure_with(panels=len(panels)) as (figure, axes):
        colours = iter(_COLOURS)
        for axis, panel in zip(np.atleast_1d(axes), panels, strict=True):
            for name, points in panel:
                x, y = [one.pictures for one in points], [one.value for one in points]
                colour = next(colours)
                label = short(names.get(name, name)) if name else say("advice.all")
                axis.plot(x, y, marker="o", markersize=4, color=colour, label=label)
                low, high = [one.low for one in points], [one.high for one in points]
                axis.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
            axis.set(xlabel=say("plot.trained_on"), ylabel=say("plot.found"), ylim=(None, 1.02))
        add_legend(figure, list(np.atleast_1d(axes)))
        return png(figure)


def _mark_phases(axis: Any, curves: pd.DataFrame) -> None:
    starts = curves.groupby("phase", sort=False)["epoch"].min()
    if len(starts) < 2:
        return
    for phase, epoch in starts.items():
        axis.axvline(epoch - 0.5, color=GRID, linewidth=1, zorder=0)
        axis.annotate(
            str(phase), (epoch - 0.5, 0.02), xycoords=("data", "axes fraction"), color=MUTED,
            fontsize=8, rotation=90, ha="left", va="bottom",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8},
        )  # fmt: skip


def _mark_operating_point(left: Any, right: Any, scored: Scored, position: int, say: Texts) -> None:
    if scored.positive is None:
        return
    truth, said = scored.targets == position, scored.predicted == position
    found = (said & truth).sum() / truth.sum()
    look = {"marker": "D", "color": _COLOURS[1], "markersize": 7, "linestyle": "none", "zorder": 3}
    label = say("plot.operating_point")
    left.plot((said & ~truth).sum() / (~truth).sum(), found, label=label, **look)
    if said.any():
        right.plot(found, (said & truth).sum() / said.sum(), label=label, **look)
