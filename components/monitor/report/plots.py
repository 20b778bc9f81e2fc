"""The figures of a drift report: PNG bytes, None where there is nothing to draw."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd

from components.common.artifacts.monitoring.drift_report import Detection, Harm
from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.statistics import STATISTICS
from components.common.report.plot_style import BLUE, INK, MUTED, ORANGE, png, style
from components.monitor.observe.scaling import comparable

_FARTHEST = 8.0  # spreads; what lies beyond is drawn at the edge


def detectors(detections: tuple[Detection, ...]) -> bytes | None:
    """Draw each detector's statistic as a share of its threshold: above 1 it alarms."""
    import seaborn

    usable = [one for one in detections if one.threshold > 0 and np.isfinite(one.statistic)]
    if not usable:
        return None
    table = pd.DataFrame(
        {
            "detector": [one.detector for one in usable],
            "share": [one.statistic / one.threshold for one in usable],
            "answer": ["alarm" if one.alarm else "quiet" for one in usable],
        }
    )
    with _figure(height=1.0 + 0.34 * len(table)) as (figure, axis):
        seaborn.barplot(
            table, y="detector", x="share", hue="answer", dodge=False, orient="h",
            palette={"alarm": ORANGE, "quiet": BLUE}, ax=axis,
        )  # fmt: skip
        axis.axvline(1.0, color=INK, linewidth=1, linestyle="--")
        axis.set(xlabel="statistic / threshold", ylabel="")
        axis.legend(title="")
        return png(figure)


def harm(estimated: Harm | None) -> bytes | None:
    """Draw the loss with its interval, and the single estimates below it."""
    if estimated is None:
        return None
    names = [estimated.basis, *estimated.estimators]
    values = [estimated.loss_points, *estimated.estimators.values()]
    with _figure(height=1.1 + 0.34 * len(names)) as (figure, axis):
        places = np.arange(len(names))[::-1]
        colours = [ORANGE, *[MUTED] * len(estimated.estimators)]
        axis.axvline(0.0, color=INK, linewidth=1)
        axis.hlines(places[0], estimated.low, estimated.high, color=ORANGE, linewidth=2)
        axis.scatter(values, places, color=colours, zorder=3)
        axis.set_yticks(places, names)
        axis.set(xlabel="points of accuracy lost against the reference")
        axis.margins(y=0.2)
        return png(figure)


def statistics(window: Observations | None, reference: Observations | None) -> bytes | None:
    """Draw how the picture statistics lie against the reference, in spreads of its pictures."""
    import seaborn

    if window is None or reference is None:
        return None
    before, after = (_whole(one.statistics) for one in comparable(reference, window))
    if len(before) < 2 or not len(after):
        return None
    centre, spread = before.mean(axis=0), before.std(axis=0)
    used = spread > 0
    if not used.any():
        return None
    names = [name for name, is_used in zip(STATISTICS, used, strict=True) if is_used]
    parts = [
        pd.DataFrame(((values - centre) / np.where(used, spread, 1.0))[:, used], columns=names)
        .melt(var_name="statistic", value_name="spreads")
        .assign(pictures=label)
        for values, label in ((before, "reference"), (after, "window"))
    ]
    table = pd.concat(parts, ignore_index=True)
    table["spreads"] = table["spreads"].clip(-_FARTHEST, _FARTHEST)
    with _figure(height=1.2 + 0.36 * len(names)) as (figure, axis):
        seaborn.pointplot(
            table, y="statistic", x="spreads", hue="pictures", orient="h", dodge=0.4,
            estimator="median", errorbar=("pi", 50), linestyle="none",
            palette={"reference": BLUE, "window": ORANGE}, ax=axis,
        )  # fmt: skip
        axis.set(xlabel="spreads of the reference's pictures", ylabel="")
        axis.legend(title="")
        return png(figure)


def _whole(values: Any) -> Any:
    return values[np.isfinite(values).all(axis=1)].astype(np.float64)


@contextmanager
def _figure(*, height: float) -> Iterator[tuple[Any, Any]]:
    # `Figure` without pyplot: nothing global, no window system.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(style()):
        figure = Figure(figsize=(9.4, height), layout="constrained")
        yield figure, figure.subplots()
