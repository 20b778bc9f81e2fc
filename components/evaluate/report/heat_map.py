"""The confusion matrix as a heat map, of two classes or of two hundred."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.common.report.plot_style import INK, png
from components.common.report.texts import Texts
from components.common.statistics.figures import Scored, confusion_counts
from components.common.statistics.weighted import Integers
from components.evaluate.report.canvas import figure_with, short, width_of

_TWO_HEAT_MAPS = 6  # up to so many classes, counts and shares have a map each
_NUMBERED = 60  # beyond so many classes a cell has no room for a number
_RAMP = ("#f1f6fd", "#1c5cab")


def confusion(scored: Scored, classes: Sequence[str], say: Texts) -> bytes:
    """Draw the confusion matrix: counts and shares apart, or in one map of many classes.

    A map grows with the classes; where no number has room, the colour alone speaks.
    """
    counts = confusion_counts(scored)
    shares, count, names = row_shares(counts), len(classes), [short(name) for name in classes]
    room_in = 0.075 * max(map(width_of, names)) + 0.45
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
    flat = max(map(width_of, names)) * 0.085 < side / count
    below_in = 0.6 if flat else room_in
    width, height = len(maps) * (side + room_in) + 0.25, side + below_in + 0.4
    with figure_with(size=(width, height), panels=len(maps)) as (figure, axes):
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
