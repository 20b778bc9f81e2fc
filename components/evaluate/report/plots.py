"""The report's plots, as PNG on white; the page inverts them when it is dark.

Legends stand below the axes, so that they hide no curve.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.decision import Decision
from components.common.artifacts.evaluation import LearningPoint
from components.common.report.plot_style import GRID, INK, MUTED, png, style
from components.common.report.texts import Texts
from components.common.statistics.figures import (
    CALIBRATION_BINS,
    Scored,
    confidence_bins,
    confusion_counts,
)
from components.common.statistics.weighted import Integers

WORST_CURVES = 5  # classes that get a colour; the others are grey
_TWO_HEAT_MAPS = 6  # up to so many classes, counts and shares have a map each
_NUMBERED = 60  # beyond so many classes a cell has no room for a number
_COLOURS = ("#2a78d6", "#e0662b", "#148f77", "#b8860b", "#8457c9")
_RAMP = ("#f1f6fd", "#1c5cab")
_LONGEST_NAME = 26


def learning_curves(curves: pd.DataFrame, say: Texts) -> bytes:
    """Draw loss and accuracy by epoch, training and validation; phases are marked.

    Args:
        curves: CURVE_COLUMNS of the Candidate; a split without values has no curve.
        say: the words.

    Returns:
        PNG bytes, as all functions here.
    """
    with _figure() as (figure, axes):
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
        _legend(figure, axes)
        return png(figure)


def confusion(scored: Scored, classes: Sequence[str], say: Texts) -> bytes:
    """Draw the confusion matrix: counts and shares apart, or in one map of many classes.

    A map grows with the classes; where no number has room, the colour alone speaks.
    """
    counts = confusion_counts(scored)
    shares, count, names = row_shares(counts), len(classes), [_short(name) for name in classes]
    room_in = 0.075 * max(map(_width, names)) + 0.45
    maps: tuple[tuple[Any, Any, str], ...]
    if count <= _TWO_HEAT_MAPS:
        side = 0.8 * count + 0.6
        maps = (
            (counts / max(1, counts.max()), counts.astype(str), say("plot.pictures")),
            (shares, np.vectorize("{:.0%}".format)(shares), say("plot.share")),
        )
    else:
        side = min(0.3 if count > 20 else 0.45, 20 / count) * count
        text = np.where(counts > 0, counts.astype(str), "")
        maps = ((shares, text, say("plot.both" if count <= _NUMBERED else "plot.share")),)
    flat = max(map(_width, names)) * 0.085 < side / count
    below_in = 0.6 if flat else room_in
    width, height = len(maps) * (side + room_in) + 0.25, side + below_in + 0.4
    with _figure(size=(width, height), panels=len(maps)) as (figure, axes):
        for place, (axis, one) in enumerate(zip(np.atleast_1d(axes), maps, strict=True)):
            left = place * (side + room_in) + room_in
            axis.set_position((left / width, below_in / height, side / width, side / height))
            _heat_map(axis, *one, names, say, flat=flat)
        return png(figure)


def _heat_map(
    axis: Any,
    shares: Any,
    text: Any,
    title: str,
    names: Sequence[str],
    say: Texts,
    *,
    flat: bool,
) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    count = len(names)
    ramp = LinearSegmentedColormap.from_list("ramp", _RAMP)
    lines = {"edgecolors": "white", "linewidth": 2 if count <= 20 else 0.5}
    axis.pcolormesh(shares, cmap=ramp, vmin=0, vmax=1, **lines)
    if count <= _NUMBERED:
        size = 13 if count < 5 else 9 if count <= 20 else 8
        for row, column in zip(*np.nonzero(text != ""), strict=True):
            colour = "white" if shares[row, column] > 0.5 else INK
            middle = {"ha": "center", "va": "center", "color": colour, "fontsize": size}
            axis.text(column + 0.5, row + 0.5, text[row, column], **middle)
    every = 1 if count <= _NUMBERED else 5
    shown = range(0, count, every)
    ticks = [one + 0.5 for one in shown], [names[one] for one in shown]
    axis.set_xticks(*ticks, rotation=0 if flat else 90)
    axis.set_yticks(*ticks)
    axis.set(xlabel=say("plot.decision"), ylabel=say("plot.truth"), title=title)
    axis.invert_yaxis()
    axis.tick_params(length=0)
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)


def row_shares(counts: Integers) -> Any:
    """Return each row divided by its sum, float [C, C]; rows without pictures are zero."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def discrimination(scored: Scored, classes: Sequence[str], say: Texts) -> bytes | None:
    """Draw ROC and precision-recall curves; None when no class has both kinds of pictures.

    Of many classes only those that are told apart worst get a colour and a name.
    """
    from sklearn.metrics import precision_recall_curve, roc_auc_score, roc_curve

    usable = [c for c in scored.averaged_classes if 0 < (scored.targets == c).mean() < 1]
    if not usable:
        return None
    usable.sort(key=lambda c: roc_auc_score(scored.targets == c, scored.probabilities[:, c]))
    with _figure() as (figure, (left, right)):
        left.plot([0, 1], [0, 1], ":", color=MUTED, label=say("plot.guessing"))
        for order, position in enumerate(usable):
            truth, score = scored.targets == position, scored.probabilities[:, position]
            false_alarms, found, _ = roc_curve(truth, score)
            precision, recall, _ = precision_recall_curve(truth, score)
            look = {"color": GRID, "linewidth": 1, "zorder": 1}
            if order < WORST_CURVES:
                look = {"color": _COLOURS[order], "label": _short(classes[position]), "zorder": 2}
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
        _legend(figure, (left, right))
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
    with _figure() as (figure, (axis, histogram)):
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
        _legend(figure, (axis,), markerscale=0.5)
        return png(figure)


def layer_profile(decision: Decision, say: Texts) -> bytes | None:
    """Draw the probe's score by depth; None without a profile."""
    profile = decision.profile
    if not profile:
        return None
    places, names = np.arange(len(profile)), [depth.layer for depth in profile]
    with _figure(size=(6.4, 4.6), panels=1) as (figure, axis):
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
    with _figure(panels=len(panels)) as (figure, axes):
        colours = iter(_COLOURS)
        for axis, panel in zip(np.atleast_1d(axes), panels, strict=True):
            for name, points in panel:
                x, y = [one.pictures for one in points], [one.value for one in points]
                colour = next(colours)
                label = _short(names.get(name, name)) if name else say("advice.all")
                axis.plot(x, y, marker="o", markersize=4, color=colour, label=label)
                low, high = [one.low for one in points], [one.high for one in points]
                axis.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)
            axis.set(xlabel=say("plot.trained_on"), ylabel=say("plot.found"), ylim=(None, 1.02))
        _legend(figure, list(np.atleast_1d(axes)))
        return png(figure)


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _width(text: str) -> float:
    """Return how many Latin letters a text is as wide as; Chinese signs are twice as wide."""
    return sum(1.9 if sign > "\u2e80" else 1.0 for sign in text)


def _mark_phases(axis: Any, curves: pd.DataFrame) -> None:
    starts = curves.groupby("phase", sort=False)["epoch"].min()
    if len(starts) < 2:
        return
    for phase, epoch in starts.items():
        axis.axvline(epoch - 0.5, color=GRID, linewidth=1, zorder=0)
        axis.annotate(
            str(phase), (epoch - 0.5, 0.02), xycoords=("data", "axes fraction"), color=MUTED,
            fontsize=8, rotation=90, ha="left", va="bottom",
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


def _legend(figure: Any, axes: Sequence[Any], **look: Any) -> None:
    """Put one legend for all panels below them."""
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        figure.legend(
            list(found.values()), list(found), loc="lower center", ncols=min(4, len(found)), **look
        )


@contextmanager
def _figure(size: tuple[float, float] | None = None, panels: int = 2) -> Iterator[tuple[Any, Any]]:
    """Open a figure with panels, which of another size are placed by the caller."""
    # `Figure` without pyplot: nothing global, no window system.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(style()):
        # No layout engine: it measures every label twice, a third of the drawing time.
        figure = Figure(figsize=size or (9.4, 4.3))
        axes = figure.subplots(1, panels)
        if not size:
            figure.subplots_adjust(left=0.065, right=0.985, bottom=0.235, top=0.92, wspace=0.2)
        yield figure, axes
