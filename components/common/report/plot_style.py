"""How all plots look, so that reports are of one piece."""

import functools
import io
from typing import Any

INK, MUTED, GRID = "#1b1f24", "#656d76", "#e4e7eb"
BLUE, ORANGE = "#2a78d6", "#e0662b"
_DPI = 144
_LATIN = "DejaVu Sans"  # comes with matplotlib
# Fonts with Chinese signs, as matplotlib names them: it reads the first face of a collection.
_CHINESE = (
    "Noto Sans CJK TC", "Noto Sans CJK JP", "Noto Sans TC", "PingFang TC", "Microsoft JhengHei",
)  # fmt: skip


def style(**changes: Any) -> Any:
    """Return the settings for `matplotlib.rc_context`; a change has "_" where the key has "."."""
    return {
        "font.family": list(families()),
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


def width_in(picture: bytes) -> float:
    """Return the width, in inches, of a figure that `png` has written."""
    return int.from_bytes(picture[16:20], "big") / _DPI


@functools.cache
def families() -> tuple[str, ...]:
    """Return the fonts that plots are written with: Latin, then Chinese where one is installed."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.name for font in fontManager.ttflist}
    if known.isdisjoint(_CHINESE):
        # matplotlib keeps its list of fonts; one that was installed since is not on it.
        for path in findSystemFonts():
            if path.endswith(("CJK-Regular.ttc", "CJK-Bold.ttc")):
                fontManager.addfont(path)
        known = {font.name for font in fontManager.ttflist}
    found = [name for name in _CHINESE if name in known]
    return (_LATIN, *found[:1])


def can_draw(text: str) -> bool:
    """Return whether the fonts of this machine have every sign of a text."""
    return text.isascii() or all(sign in _signs() for sign in map(ord, text))


@functools.cache
def _signs() -> frozenset[int]:
    from matplotlib.font_manager import findfont, get_font

    return frozenset().union(*(get_font(findfont(name)).get_charmap() for name in families()))
