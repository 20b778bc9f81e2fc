"""The report's figure: what quality costs, with the Pareto front."""

from typing import Any

import pandas as pd

from components.common.artifacts.tuning.selection import MeasuredFinalist, SelectionInfo
from components.common.report.plot_style import BLUE, INK, MUTED, ORANGE, png, style
from components.common.statistics import figures as quality


def trade_off(info: SelectionInfo) -> bytes:
    """Draw quality against latency, dots as large as the models; returns PNG bytes.

    The line joins the Pareto front of quality and latency; the ring is the winner, the bars are
    one standard error of the gap to the best.
    """
    import seaborn
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    table = pd.DataFrame([_row(info, one) for one in info.measured])
    with rc_context(style()):
        figure = Figure(figsize=(9.4, 4.6), layout="constrained")
        axis = figure.subplots()
        axis.errorbar(
            table["latency"], table["quality"], yerr=table["noise"],
            fmt="none", ecolor=MUTED, elinewidth=1, alpha=0.6, zorder=1,
        )  # fmt: skip
        front = _line(info)
        axis.plot(*zip(*front, strict=True), "--", color=BLUE, linewidth=1.2, zorder=2)
        seaborn.scatterplot(
            table, x="latency", y="quality", size="MB", hue="Pareto front", style="Pareto front",
            sizes=(60, 320), palette={"on the front": BLUE, "beaten": MUTED},
            markers={"on the front": "o", "beaten": "X"}, ax=axis, zorder=3,
        )  # fmt: skip
        winner = info.of(info.winner)
        axis.scatter(
            winner.latency_ms, winner.quality, s=520, facecolors="none",
            edgecolors=ORANGE, linewidths=2, zorder=4,
        )  # fmt: skip
        for row in table.itertuples():
            axis.annotate(
                str(row.number), (float(row.latency), float(row.quality)), xytext=(9, 9),  # type: ignore[arg-type]
                textcoords="offset points", color=INK,
            )  # fmt: skip
        axis.set(xlabel="milliseconds a picture (less is better)")
        axis.set(ylabel=f"{quality.LABELS[info.metric]} (more is better)")
        axis.margins(x=0.12, y=0.18)
        axis.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return png(figure)


def _row(info: SelectionInfo, one: MeasuredFinalist) -> dict[str, Any]:
    return {
        "number": 1 + [other.key for other in info.measured].index(one.key),
        "quality": one.quality,
        "noise": one.noise,
        "latency": one.latency_ms,
        "MB": round(one.size_mb, 1),
        "Pareto front": "on the front" if one.key in info.front else "beaten",
    }


def _line(info: SelectionInfo) -> list[tuple[float, float]]:
    """Return the front of quality and latency alone, from quick to slow."""
    line: list[tuple[float, float]] = []
    for one in sorted(info.measured, key=lambda one: (one.latency_ms, -one.quality)):
        if not line or one.quality > line[-1][1]:
            line.append((one.latency_ms, one.quality))
    return line
