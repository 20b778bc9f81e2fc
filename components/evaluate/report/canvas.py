"""The sheet that a plot is drawn on, and how names and legends fit on it."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from PIL import Image

from components.common.report.plot_style import style

_LONGEST_NAME = 26
_WIDE_LABEL = 14  # letters; of wider ones two go beside each other


@contextmanager
def figure_with(
    size: tuple[float, float] | None = None, panels: int = 2
) -> Iterator[tuple[Any, Any]]:
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


def add_legend(figure: Any, axes: Sequence[Any], **look: Any) -> None:
    """Put a legend below each panel, so that a page can show one without the other."""
    for axis in axes:
        handles, labels = axis.get_legend_handles_labels()
        if handles:
            box, narrow = axis.get_position(), max(map(width_of, labels)) > _WIDE_LABEL
            figure.legend(
                handles, labels, loc="lower center", ncols=min(2 if narrow else 3, len(labels)),
                bbox_to_anchor=((box.x0 + box.x1) / 2, 0), **look,
            )  # fmt: skip


def halves(picture: bytes) -> tuple[bytes, bytes]:
    """Return the left and the right panel of a plot that `figure_with` has divided in two."""
    whole = Image.open(io.BytesIO(picture))
    middle = whole.width // 2
    left = whole.crop((0, 0, middle, whole.height))
    right = whole.crop((middle, 0, whole.width, whole.height))
    return _encoded(left), _encoded(right)


def _encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def short(name: str) -> str:
    """Return a name of at most 26 letters."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def width_of(text: str) -> float:
    """Return how many Latin letters a text is as wide as; Chinese signs are twice as wide."""
    return sum(1.9 if sign > "\u2e80" else 1.0 for sign in text)
