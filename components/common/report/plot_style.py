"""How all plots look, so that reports are of one piece."""

import io
from typing import Any

INK, MUTED, GRID = "#1b1f24", "#656d76", "#e4e7eb"
BLUE, ORANGE = "#2a78d6", "#e0662b"
_DPI = 144


def style(**changes: Any) -> Any:
    """Return the settings for `matplotlib.rc_context`; a change has "_" where the key has "."."""
    return {
        "text.parse_math": False,  # a class name may hold a dollar sign
        "axes.edgecolor": GRID,
        "axes.labelcolor": MUTED,
        "axes.titlecolor": INK,
        "axes.titlesize": 11,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "text.color": INK,
        "legend.frameon": False,
        "legend.labelcolor": INK,
        "legend.fontsize": 9,
        "lines.linewidth": 2,
        "font.size": 10,
        **{name.replace("_", ".", 1): value for name, value in changes.items()},
    }


def png(figure: Any) -> bytes:
    """Return a matplotlib figure as PNG. No date, no version: equal figures, equal bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()
