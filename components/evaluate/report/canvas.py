"""The sheet that a plot is drawn on, and how names and legends fit on it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from components.common.report.plot_style import style

_LONGEST_NAME = 26


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
    """Put one legend for all panels below them."""
    found: dict[str, Any] = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    if found:
        figure.legend(
            list(found.values()), list(found), loc="lower center", ncols=min(4, len(found)), **look
        )


def short(name: str) -> str:
    """Return a name of at most 26 letters."""
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def width_of(text: str) -> float:
    """Return how many Latin letters a text is as wide as; Chinese signs are twice as wide."""
    return sum(1.9 if sign > "\u2e80" else 1.0 for sign in text)
