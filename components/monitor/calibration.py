"""Thresholds that keep a false-alarm rate, learnt from windows without drift.

Pictures of one group (module, lot, session) are alike, so that a window of one group differs from
the reference as groups differ, drift or not. The null distribution therefore comes from a block
bootstrap: whole groups are left out, the detector is fitted to the others and given windows made of
the groups left out. Only where pictures are independent are they dealt out one by one.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.monitor.detector import Design, Detector, Statistic
from components.monitor.null_windows import draw, feasible, splits
from components.monitor.observations import Observations

_CONFIDENCE = 0.95
_TINY = 1e-12


@dataclass(frozen=True)
class Calibrated:
    """A fitted detector and what it says of windows without drift.

    null: float64 [windows], in order. `units` is how many independent pieces they come from:
        groups, or windows of independent pictures.
    """

    statistic: Statistic
    threshold: float
    null: npt.NDArray[np.float64]
    promise: str

    def p_value(self, statistic: float) -> float:
        """Return the share of windows without drift that differ as much, never 0."""
        above = len(self.null) - int(np.searchsorted(self.null, statistic, side="left"))
        return (1 + above) / (1 + len(self.null))


@dataclass(frozen=True)
class Rate:
    """False alarms a window that one detector may raise, and all of them together."""

    own: float
    together: float


def calibrate(
    detector: Detector,
    reference: Observations,
    design: Design,
    *,
    rate: Rate,
    windows: int,
    rng: np.random.Generator,
) -> Calibrated:
    """Fit a detector to the reference and find the threshold that keeps its rate.

    Args:
        detector: what is calibrated.
        reference: rows that the detector can use, at least four.
        design: of the windows to come.
        rate: of false alarms.
        windows: how many windows without drift are tried.
        rng: draws them.
    """
    possible = feasible(design, reference)
    ways = splits(reference, possible, rng=rng)
    each = math.ceil(windows / len(ways))
    found = []
    for way in ways:
        statistic = detector.fit(reference.take(way.fit), possible, rng=rng)
        for _ in range(each):
            rows = draw(way, reference.groups, possible, rng=rng)
            found.append(statistic(reference.take(rows)))
    null = np.sort(np.nan_to_num(np.array(found, dtype=np.float64), nan=np.inf))
    units = len(null) if possible.independent else len(ways)
    return Calibrated(
        statistic=detector.fit(reference, possible, rng=rng),
        threshold=threshold(null, rate.own, units=units),
        null=null,
        promise=_promise(design, possible, rate, units),
    )


def threshold(null: npt.NDArray[np.float64], rate: float, *, units: int) -> float:
    """Return what the statistic exceeds in at most `rate` of the windows without drift.

    Args:
        null: float64 [N], in order.
        rate: in (0, 1).
        units: independent pieces that `null` comes from.

    Returns:
        With N pieces, the order statistic that keeps the rate with 95 % confidence. With fewer, the
        conformal quantile, so that a new piece exceeds it no more often than the rate. Where the
        pieces are too few for that, the largest value or what a log-normal tail says, whichever is
        larger.
    """
    from scipy.stats import binom, norm

    if units >= len(null):
        above = max(0, int(binom.ppf(1 - _CONFIDENCE, len(null), rate)) - 1)
        return float(null[len(null) - 1 - above])
    share = math.ceil((1 - rate) * (units + 1)) / units
    if share < 1:
        return float(np.quantile(null, share))
    logs = np.log(np.maximum(null[np.isfinite(null)], _TINY))
    if logs.size == 0:
        return math.inf
    tail = math.exp(float(logs.mean() + norm.isf(rate) * logs.std()))
    return max(float(null[-1]), tail)


def _promise(design: Design, possible: Design, rate: Rate, units: int) -> str:
    asked = f"1 in {1 / rate.together:.0f} windows, all detectors together"
    if possible.independent:
        kept = (
            f"Keeps {asked}, with 95 % confidence, where the {design.pictures} pictures of a "
            "window are independent"
        )
        if design.independent:
            return f"{kept}; windows of whole groups would raise more."
        return f"{kept}. The reference names too few groups to say more."
    own = 1 / (units + 1)
    where = f"{possible.groups} of the reference's groups at a time, {units} times"
    if rate.own >= own:
        return f"Keeps {asked}, for groups like those of the reference (left out: {where})."
    return (
        f"Asked for {asked}; {units} trials with groups left out can show at best 1 in {units + 1} "
        f"for one detector, so that the last step (to 1 in {1 / rate.own:.0f}) is extrapolated. "
        "More groups in the reference make it firm."
    )
