"""Thresholds that keep one false-alarm rate for a whole family of detectors.

Pictures of one group (module, lot, session) are alike, so that a window of one group differs from
the reference as groups differ, drift or not. The null distribution therefore comes from a block
bootstrap: whole groups are left out, the detectors are fitted to the others and given windows made
of the groups left out. Only where pictures are independent are they dealt out one by one.

All detectors look at the same windows without drift. What they say is brought to one scale, the
largest of it is the family's answer, and one threshold on that keeps the rate for all together:
sharper than dividing the rate by their number, since detectors tend to stumble over the same group.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from components.common.artifacts.monitoring.observations import Observations
from components.monitor.detect.contract import Design, Detector, Statistic
from components.monitor.detect.normal_scale import NormalScale, Table
from components.monitor.detect.null_windows import NullSplit, Rows, draw, feasible, splits

_CONFIDENCE = 0.95
_RANKED = 0.9


@dataclass(frozen=True)
class Calibrated:
    """A fitted detector, its threshold, and what it says of windows without drift, in order."""

    statistic: Statistic
    threshold: float
    null: Table
    promise: str

    def p_value(self, statistic: float) -> float:
        """Return the share of windows without drift that differ as much, never 0."""
        above = len(self.null) - int(np.searchsorted(self.null, statistic, side="left"))
        return (1 + above) / (1 + len(self.null))


@dataclass(frozen=True, kw_only=True)
class DetectorThreshold:
    """One detector's threshold, and what it says of windows without drift, in order."""

    threshold: float
    null: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class FamilyThresholds:
    """Thresholds by detector, and what they promise together."""

    by_detector: dict[str, DetectorThreshold]
    promise: str


def fitted(
    detectors: Mapping[str, Detector],
    designs: Mapping[str, Design],
    reference: Observations,
    found: FamilyThresholds,
    *,
    rng: np.random.Generator,
) -> dict[str, Calibrated]:
    """Fit detectors to the whole reference, beside the thresholds found for them; fast."""
    possible = feasible(_largest(designs), reference)
    return {
        name: Calibrated(
            statistic=detector.fit(
                reference.take(reference.whole(detector.CHANNEL)),
                _imitated(designs[name], possible),
                rng=rng,
            ),
            threshold=found.by_detector[name].threshold,
            null=np.array(found.by_detector[name].null),
            promise=found.promise,
        )
        for name, detector in detectors.items()
    }


def find_thresholds(
    detectors: Mapping[str, Detector],
    designs: Mapping[str, Design],
    reference: Observations,
    *,
    rate: float,
    windows: int,
    rng: np.random.Generator,
) -> FamilyThresholds:
    """Find the thresholds that keep the detectors' rate together; takes seconds.

    Args:
        detectors: those that share the rate; the reference has rows for each.
        designs: the windows that each will be given, of at least two pictures.
        reference: all its rows; each detector gets those that it can use.
        rate: false alarms a window, of all together.
        windows: how many windows without drift are tried.
        rng: draws them.
    """
    whole = _largest(designs)
    possible = feasible(whole, reference)
    ways = splits(reference, possible, at_most=windows, rng=rng)
    designs = {name: _imitated(design, possible) for name, design in designs.items()}
    null = _null(detectors, designs, reference, ways, windows=windows, rng=rng)
    ranked = 1.0 if possible.independent else _RANKED
    scales = [NormalScale.of(column, ranked=ranked) for column in null.T]
    scaled = np.stack([scale.apply(column) for scale, column in zip(scales, null.T, strict=True)])
    # A detector that said nothing of a window does not count.
    worst = np.where(np.isfinite(scaled), scaled, -np.inf).max(axis=0)
    worst = worst[np.isfinite(worst)]
    units = len(worst) if possible.independent else len(ways)
    limit = threshold(np.sort(worst), rate, units=units)
    return FamilyThresholds(
        by_detector={
            name: DetectorThreshold(
                threshold=scale.undo(limit), null=tuple(np.sort(said[np.isfinite(said)]).tolist())
            )
            for name, scale, said in zip(detectors, scales, null.T, strict=True)
        },
        promise=_promise(whole, possible, rate, units),
    )


def _largest(designs: Mapping[str, Design]) -> Design:
    return max(designs.values(), key=lambda design: design.pictures)


def threshold(null: Table, rate: float, *, units: int) -> float:
    """Return what is exceeded in at most `rate` of the windows without drift.

    Args:
        null: float64 [N], in order, on a scale on which it is about normal.
        rate: in (0, 1).
        units: independent pieces that `null` comes from.

    Returns:
        With N pieces, the order statistic that keeps the rate with 95 % confidence. With fewer, the
        conformal quantile, so that a new piece exceeds it no more often than the rate. Where the
        pieces are too few for that, the largest value or the bound of the prediction interval for
        one more piece, whichever is larger.
    """
    from scipy.stats import binom, t

    if len(null) == 0:
        return math.inf
    if units >= len(null):
        above = max(0, int(binom.ppf(1 - _CONFIDENCE, len(null), rate)) - 1)
        return float(null[len(null) - 1 - above])
    share = math.ceil((1 - rate) * (units + 1)) / units
    if share < 1:
        return float(np.quantile(null, share))
    reach = float(t.isf(rate, units - 1)) * math.sqrt(1 + 1 / units)
    return max(float(null[-1]), float(null.mean()) + reach * float(null.std()))


def _imitated(design: Design, possible: Design) -> Design:
    if possible.independent:
        return Design(design.pictures, design.pictures)
    return Design(design.pictures, min(design.pictures, possible.groups))


def _null(
    detectors: Mapping[str, Detector],
    designs: Mapping[str, Design],
    reference: Observations,
    ways: tuple[NullSplit, ...],
    *,
    windows: int,
    rng: np.random.Generator,
) -> Table:
    """Return what each detector says of each window: float64 [windows, detectors], NaN for nothing.

    One that finds too few rows among the held-out ones (a group of training pictures has no
    embeddings) or to be fitted to says nothing.
    """
    each = math.ceil(windows / len(ways))
    null = np.full((each * len(ways), len(detectors)), np.nan)
    for column, (name, detector) in enumerate(detectors.items()):
        good, design = reference.whole(detector.CHANNEL), designs[name]
        for number, way in enumerate(ways):
            own = NullSplit(way.fit[good[way.fit]], way.held[good[way.held]])
            if min(len(own.fit), len(own.held)) < 2:
                continue
            statistic = detector.fit(reference.take(own.fit), design, rng=rng)
            for row in range(number * each, (number + 1) * each):
                rows: Rows = draw(own, reference.groups, design, rng=rng)
                null[row, column] = statistic(reference.take(rows))
    return null


def _promise(design: Design, possible: Design, rate: float, units: int) -> str:
    asked = f"1 in {1 / rate:.0f} windows, all detectors together"
    if possible.independent:
        kept = (
            f"Keeps {asked}, with 95 % confidence, where the {design.pictures} pictures of a "
            "window are independent"
        )
        if design.independent:
            return f"{kept}; windows of whole groups would raise more."
        return f"{kept}. The reference names too few groups to say more."
    where = f"{possible.groups} of the reference's groups at a time, {units} times"
    if rate >= 1 / (units + 1):
        return f"Keeps {asked}, for groups like those of the reference (left out: {where})."
    return (
        f"Asked for {asked}; {units} trials with groups left out can show at best 1 in "
        f"{units + 1}, so that the last step is extrapolated; more groups make it firm."
    )
