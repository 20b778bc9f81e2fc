"""The arms of a method side by side, drawn from the kept rows for its page in the docs."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.methods.table import Row, kept
from components.common.report.plot_style import BLUE, MUTED, ORANGE, png, style

PICTURES = Path("docs/pictures")
# Which arm of a method stands out; a method that is not named has a picture of another kind.
PICTURED = {"distillation": "student, taught", "domain_adversarial": "auto"}
_FIGURES = (", ROC-AUC", ", accuracy")


def write_pictures() -> None:
    """Draw what was kept of the methods in PICTURED."""
    for name, ours in PICTURED.items():
        rows = [row for row in kept(name) if _data_set(row).endswith(_FIGURES)]
        path = PICTURES / f"{name.replace('_', '-')}.png"
        path.write_bytes(draw(rows, ours=ours))


def _data_set(row: Row) -> str:
    return row.what.partition(": ")[0]


def draw(rows: Sequence[Row], *, ours: str) -> bytes:
    """Return a PNG: a panel a data set, a dot an arm with its interval.

    Args:
        rows: those that are drawn; `what` is "data set: arm", rows of one data set together.
        ours: the arm to stand out.
    """
    import matplotlib.pyplot as plt

    panels = [(name, list(arms)) for name, arms in groupby(rows, _data_set)]
    height = 0.6 * len(panels) + 0.32 * len(rows)
    with plt.rc_context(style()):
        figure, axes = plt.subplots(
            len(panels),
            figsize=(7.0, height),
            squeeze=False,
            layout="constrained",
            height_ratios=[len(arms) for _, arms in panels],
        )
        for axis, (name, arms) in zip(axes[:, 0], panels, strict=True):
            for place, row in enumerate(arms):
                arm = row.what.partition(": ")[2]
                colour = ORANGE if arm == ours else BLUE
                axis.plot([row.low, row.high], [place, place], color=colour, alpha=0.4)
                axis.plot(row.value, place, "o", color=colour)
                if row.goal is not None:
                    axis.axvline(row.goal, color=MUTED, linestyle=":", linewidth=1.2)
            axis.set_yticks(range(len(arms)), [row.what.partition(": ")[2] for row in arms])
            axis.invert_yaxis()
            axis.set_title(name)
        figure.supxlabel("points, with 95 % interval; dotted: the goal", fontsize=9, color=MUTED)
        picture = png(figure)
        plt.close(figure)
    return picture
