"""The figures of a drift report: PNG bytes, None where there is nothing to draw."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from components.common.artifacts.monitoring.drift_report import Detection, Harm
from components.common.artifacts.monitoring.observations import Observations
from components.common.pictures.statistics import STATISTICS
from components.common.report.plot_style import BLUE, INK, ORANGE, png, style
from components.monitor.observe.scaling import comparable

_FARTHEST = 8.0  # spreads; what lies beyond is drawn at the edge


def detectors(detections: tuple[Detection, ...]) -> bytes | None:
    """Draw each detector's statistic as a share of its threshold: above 1 it alarms."""
    usable = [one for one in detections if one.threshold > 0 and np.isfinite(one.statistic)]
    if not usable:
        return None
    with _figure(height=1.0 + 0.34 * len(usable)) as (figure, axis):
        axis.barh(
            [one.detector for one in usable],
            [one.statistic / one.threshold for one in usable],
            color=[ORANGE if one.alarm else BLUE for one in usable],
        )
        axis.invert_yaxis()
        axis.axvline(1.0, color=INK, linewidth=1, linestyle="--")
        axis.set(xlabel="statistic / threshold; above 1 is an alarm")
        return png(figure)


def harm(estimated: Harm | None) -> bytes | None:
    """Draw the loss with its interval."""
    if estimated is None:
        return None
    with _figure(height=1.4) as (figure, axis):
        axis.axvline(0.0, color=INK, linewidth=1)
        axis.hlines(0, estimated.low, estimated.high, color=ORANGE, linewidth=2)
        axis.scatter([estimated.loss_points], [0], color=ORANGE, zorder=3)
        axis.set_yticks([0], [estimated.basis])
        axis.set(xlabel="points of accuracy lost against the reference")
        axis.margins(y=0.2)
        return png(figure)


def statistics(window: Observations | None, reference: Observations | None) -> bytes | None:
    """Draw how the picture statistics lie against the reference, in spreads of its pictures."""
    if window is None or reference is None:
        return None
    before, after = (_whole(one.statistics) for one in comparable(reference, window))
    if len(before) < 2 or not len(after):
        return None
    used = before.std(axis=0) > 0
    if not used.any():
        return None
    names = [name for name, is_used in zip(STATISTICS, used, strict=True) if is_used]
    centre, spread = before.mean(axis=0)[used], before.std(axis=0)[used]
    sides = (("reference", before, BLUE, -0.15), ("window", after, ORANGE, 0.15))
    with _figure(height=1.2 + 0.36 * len(names)) as (figure, axis):
        for label, values, colour, aside in sides:
            scaled = np.clip((values[:, used] - centre) / spread, -_FARTHEST, _FARTHEST)
            low, middle, high = np.quantile(scaled, (0.25, 0.5, 0.75), axis=0)
            reach = (middle - low, high - middle)
            places = np.arange(len(names)) + aside
            axis.errorbar(middle, places, xerr=reach, fmt="o", color=colour, label=label)
        axis.set_yticks(range(len(names)), names)
        axis.invert_yaxis()
        axis.set(xlabel="spreads of the reference's pictures; half of them lie on each line")
        axis.legend()
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
