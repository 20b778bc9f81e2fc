"""Matched filters for what faults of cameras do to picture statistics.

The directions come from arithmetic on the reference's own statistics: less light, more light, less
contrast, blur, noise, a colour cast.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations, Texts
from components.common.pictures.statistics import STATISTICS
from components.monitor.detect.contract import Design
from components.monitor.detect.detectors._spread import Spread
from components.monitor.observe.scaling import NormalScores, Table, level

Raw = npt.NDArray[np.float32]
Fault = Callable[[Raw], Raw]
_AT = {name: column for column, name in enumerate(STATISTICS)}
_LIGHT = [_AT[name] for name in ("mean", "dark", "bright")]
_SPREAD = [_AT[name] for name in ("deviation", "sharpness", "grain", "border")]
_TEXTURE = [_AT[name] for name in ("sharpness", "grain")]
_LEAST_REACH = 0.1
_ODD = 2.0  # of a normal score: one picture in twenty lies farther off


@dataclass(frozen=True)
class FaultFilters:
    """A filter a fault: the mean of what it gives has deviation 1 over windows without drift."""

    scores: NormalScores
    bank: Table  # [faults, statistics]
    reach: float  # of scores

    @classmethod
    def of(cls, reference: Observations, design: Design) -> "FaultFilters":
        """Learn scores, the spread of means of such windows, and the directions."""
        values = level(reference.statistics)
        scores = NormalScores.of(values)
        # Among independent pictures some odd ones are usual, and no one of them shall count for
        # more than being odd. A module whose pictures all are says more the farther they lie off.
        reach = _ODD if design.independent else np.inf
        usual = np.clip(scores.apply(values), -reach, reach)
        spread = Spread.of(usual, reference.groups).of_mean(design)
        precision = np.linalg.pinv(spread, hermitian=True)
        filters = []
        for fault in FAULTS:
            moved = scores.apply(level(fault(reference.statistics.copy())))
            moved = np.clip(moved, -reach, reach)
            direction = (moved - usual).mean(axis=0)
            length = float(np.sqrt(direction @ precision @ direction))
            if length > 0:
                filters.append(precision @ direction / length)
        bank = np.array(filters).reshape(len(filters), usual.shape[1])
        if not design.independent:
            bank = bank / _reach(usual @ bank.T, reference.groups)[:, None]
        return cls(scores, bank, reach)

    def apply(self, window: Observations) -> Table:
        """Return float64 [N, faults]: what each filter gives for each picture."""
        values = self.scores.apply(level(window.statistics))
        found: Table = np.clip(values, -self.reach, self.reach) @ self.bank.T
        return found


def _reach(values: Table, groups: Texts) -> Table:
    """Return how far means of groups reach to the upper side: root mean square, float64 [K].

    One side says nothing of the other: some modules are far noisier than most, none far less.
    """
    means = np.stack([values[groups == name].mean(axis=0) for name in np.unique(groups)])
    squares = np.maximum(means - np.median(means, axis=0), 0) ** 2
    found: Table = np.sqrt(2 * squares.mean(axis=0))
    return np.maximum(found, _LEAST_REACH * max(1.0, float(found.max(initial=0.0))))


def _less_light(raw: Raw) -> Raw:
    raw[:, _LIGHT + _SPREAD] *= 0.9
    return raw


def _more_light(raw: Raw) -> Raw:
    raw[:, _LIGHT] = np.minimum(raw[:, _LIGHT] + 12, 255)
    return raw


def _less_contrast(raw: Raw) -> Raw:
    means = raw[:, [_AT["mean"]]]
    raw[:, _LIGHT] = means + 0.8 * (raw[:, _LIGHT] - means)
    raw[:, _SPREAD] *= 0.8
    return raw


def _blur(raw: Raw) -> Raw:
    raw[:, _TEXTURE] *= 0.7
    return raw


def _noise(raw: Raw) -> Raw:
    raw[:, _TEXTURE] += 10
    return raw


def _cold(raw: Raw) -> Raw:
    raw[:, _AT["warmth"]] -= 10
    return raw


def _warm(raw: Raw) -> Raw:
    raw[:, _AT["warmth"]] += 10
    return raw


# Each to one side: no lens makes pictures sharper, and what lies on the far side only costs power.
# Few: each further one costs power as well, and `shifted_statistics` finds a camera that was moved.
FAULTS: tuple[Fault, ...] = (
    _less_light,
    _more_light,
    _less_contrast,
    _blur,
    _noise,
    _cold,
    _warm,
)
