"""The report's figures, as PNG on white; the page inverts them when it is dark."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.decision import Decision
from components.common.report.plot_style import GRID, MUTED, png, style
from components.common.statistics.figures import (
    CALIBRATION_BINS,
    LABELS,
    Scored,
    confidence_bins,
    confusion_counts,
)
from components.common.statistics.weighted import Integers

MAX_CURVES = 8  # classes in one ROC or PR plot before the colours run out


_COLOURS = (
    "#2a78d6", "#e0662b", "#148f77", "#b8860b", "#8457c9", "#c2407a", "#4d7c0f", "#56606b",
)  # fmt: skip
_RAMP = ("#f1f6fd", "#1c5cab")


def learning_curves(curves: pd.DataFrame) -> bytes:
    """Draw loss and accuracy by epoch, training and validation; phases are marked.

    Args:
        curves: CURVE_COLUMNS of the Candidate.

    Returns:
        PNG bytes, as all functions here.
    """
    with _figure() as (figure, axes):
        for axis, quantity in zip(axes, ("loss", "accuracy"), strict=True):
            for colour, split in zip(_COLOURS, ("train", "validation"), strict=False):
                style = "--" if split == "train" else "-"
                line = curves[["epoch", f"{split}_{quantity}"]].dropna().to_numpy(dtype=float)
                label = "training" if split == "train" else split
                axis.plot(*line.T, style, color=colour, marker="o", markersize=3.5, label=label)
            _mark_phases(axis, curves)
            axis.set(xlabel="epoch", title=quantity)
            axis.xaxis.get_major_locator().set_params(integer=True)
            axis.legend()
        return png(figure)


def confusion(scored: Scored, classes: tuple[str, ...]) -> bytes:
    """Draw the confusion matrix as two heat maps: counts, and shares of each true class."""
    import seaborn
    from matplotlib.colors import LinearSegmentedColormap

    counts = confusion_counts(scored)
    ramp = LinearSegmentedColormap.from_list("ramp", _RAMP)
    side = max(3.6, 0.55 * len(classes) + 1.6)
    with _figure(size=(2.35 * side, side)) as (figure, axes):
        kinds = ((counts, "d", "pictures"), (row_shares(counts), ".0%", "share of each true class"))
        for axis, (values, text, title) in zip(axes, kinds, strict=True):
            top = 1.0 if text == ".0%" else None
            seaborn.heatmap(
                values, annot=True, fmt=text, cmap=ramp, vmin=0, vmax=top, cbar=False, square=True,
                linewidths=2, linecolor="white", xticklabels=classes, yticklabels=classes,
                ax=axis, annot_kws={"size": 13 if len(classes) < 5 else 8},
            )  # fmt: skip
            axis.set(xlabel="the model's decision", ylabel="truth", title=title)
            axis.tick_params(length=0)
        return png(figure)


def row_shares(counts: Integers) -> Any:
    """Return each row divided by its sum, float [C, C]; rows without pictures are zero."""
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def discrimination(scored: Scored, classes: tuple[str, ...]) -> bytes | None:
    """Draw ROC and precision-recall curves; None when no class has both kinds of pictures."""
    from sklearn.metrics import precision_recall_curve, roc_curve

    usable = [c for c in scored.averaged_classes if 0 < (scored.targets == c).mean() < 1]
    if not usable:
        return None
    usable.sort(key=lambda position: -int((scored.targets == position).sum()))
    left_out = len(usable) - MAX_CURVES
    legend = f"without the {left_out} rarest classes" if left_out > 0 else None
    with _figure() as (figure, (left, right)):
        left.plot([0, 1], [0, 1], ":", color=MUTED, label="guessing")
        for colour, position in zip(_COLOURS, usable[:MAX_CURVES], strict=False):
            truth, score = scored.targets == position, scored.probabilities[:, position]
            false_alarms, found, _ = roc_curve(truth, score)
            left.plot(false_alarms, found, color=colour, label=classes[position])
            precision, recall, _ = precision_recall_curve(truth, score)
            right.step(recall, precision, where="post", color=colour, label=classes[position])
            if len(usable) == 1:
                right.axhline(truth.mean(), linestyle=":", color=MUTED)
            _mark_operating_point(left, right, scored, position)
        left.set(xlabel="false alarms (share)", ylabel="found (share)", title="ROC")
        right.set(xlabel="found (recall)", ylabel="right alarms (precision)")
        right.set(title="precision and recall")
        for axis in (left, right):
            axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
            axis.legend(title=legend)
        return png(figure)


def reliability(scored: Scored) -> bytes:
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
        axis.plot([0, 1], [0, 1], ":", color=MUTED, label="perfectly calibrated")
        axis.plot(stated, observed, color=_COLOURS[0], linewidth=1.2, alpha=0.6)
        sizes = 18 + 240 * counts[used] / counts.max()
        axis.scatter(stated, observed, s=sizes, color=_COLOURS[0], label="the model", zorder=3)
        axis.set(xlabel="stated confidence", ylabel="share that was right", title="reliability")
        axis.set(xlim=(low, 1.03), ylim=(-0.03, 1.05))
        axis.legend(loc="lower right", markerscale=0.5)
        centres = (np.arange(CALIBRATION_BINS) + 0.5) / CALIBRATION_BINS
        histogram.bar(centres, counts, width=0.85 / CALIBRATION_BINS, color=_COLOURS[0])
        histogram.set(xlabel="stated confidence", ylabel="pictures", title="how sure it is")
        histogram.set(xlim=(low, 1.03))
        return png(figure)


def layer_profile(decision: Decision) -> bytes | None:
    """Draw the probe's score by depth; None without a profile."""
    profile = decision.profile
    if not profile:
        return None
    places, names = np.arange(len(profile)), [depth.layer for depth in profile]
    with _figure(size=(6.4, 4.6), panels=1) as (figure, axis):
        scores, errors = [depth.score for depth in profile], [depth.error for depth in profile]
        axis.axhline(decision.chance, linestyle=":", color=MUTED, label="guessing")
        axis.errorbar(places, scores, errors, color=_COLOURS[0], marker="o", capsize=4)
        folds = np.array([depth.folds for depth in profile])
        axis.plot(places, folds, ".", color=_COLOURS[0], alpha=0.35, markersize=5)
        if decision.layer in names:
            end = names.index(decision.layer) + 0.5
            axis.axvline(end, color=_COLOURS[1], label=f"cut off after {decision.layer}")
        axis.set(title="what each layer knows")
        axis.set(ylabel=f"{LABELS[decision.metric]} of a linear probe")
        axis.set_xticks(places, names, rotation=40, ha="right", fontsize=8)
        axis.legend()
        return png(figure)


def draw(
    curves: pd.DataFrame, scored: Scored, classes: tuple[str, ...], decision: Decision | None
) -> dict[str, bytes]:
    """Draw every figure that the data allows: PNG bytes by name."""
    drawn = {
        "learning_curves": learning_curves(curves),
        "confusion": confusion(scored, classes),
        "discrimination": discrimination(scored, classes),
        "reliability": reliability(scored),
        "layer_profile": layer_profile(decision) if decision else None,
    }
    return {name: png for name, png in drawn.items() if png is not None}


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


def _mark_operating_point(left: Any, right: Any, scored: Scored, position: int) -> None:
    if scored.positive is None:
        return
    truth, said = scored.targets == position, scored.predicted == position
    found = (said & truth).sum() / truth.sum()
    style = {"marker": "D", "color": _COLOURS[1], "markersize": 7, "linestyle": "none"}
    left.plot((said & ~truth).sum() / (~truth).sum(), found, label="operating point", **style)
    if said.any():
        right.plot(found, (said & truth).sum() / said.sum(), label="operating point", **style)


@contextmanager
def _figure(size: tuple[float, float] | None = None, panels: int = 2) -> Iterator[tuple[Any, Any]]:
    """Open a figure with panels; a given size means that long labels must find room."""
    # `Figure` without pyplot: nothing global, no window system.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(style()):
        figure = Figure(figsize=size or (9.4, 3.9), layout="constrained" if size else None)
        axes = figure.subplots(1, panels)
        if not size:
            # Constrained layout measures every label twice, a third of the drawing time.
            figure.subplots_adjust(left=0.065, right=0.985, bottom=0.135, top=0.92, wspace=0.2)
        yield figure, axes
