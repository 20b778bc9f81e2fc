"""Matched filters for what faults of cameras do to picture statistics.

The directions come from arithmetic on the reference's own statistics: less light, more light, less
contrast, blur, noise, a colour cast.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.picture_statistics import STATISTICS
from components.monitor.detector import Design
from components.monitor.detectors._spread import Spread
from components.monitor.observations import Observations
from components.monitor.scaling import NormalScores, Table, level

Raw = npt.NDArray[np.float32]
_AT = {name: column for column, name in enumerate(STATISTICS)}
_LIGHT = [_AT[name] for name in ("mean", "dark", "bright")]
_SPREAD = [_AT[name] for name in ("deviation", "sharpness", "grain", "border")]
_TEXTURE = [_AT[name] for name in ("sharpness", "grain")]


@dataclass(frozen=True)
class FaultFilters:
    """A filter a fault: the mean of what it gives has deviation 1 over windows without drift."""

    scores: NormalScores
    bank: Table  # [faults, 12]

    @classmethod
    def of(cls, reference: Observations, design: Design) -> "FaultFilters":
        """Learn scores, the spread of means of such windows, and the directions."""
        values = level(reference.statistics)
        scores = NormalScores.of(values)
        usual = scores.apply(values)
        spread = Spread.of(usual, reference.groups).of_mean(design)
        precision = np.linalg.pinv(spread, hermitian=True)
        filters = []
        for fault in FAULTS:
            moved = scores.apply(level(fault(reference.statistics.copy())))
            direction = (moved - usual).mean(axis=0)
            length = float(np.sqrt(direction @ precision @ direction))
            if length > 0:
                filters.append(precision @ direction / length)
        return cls(scores, np.array(filters).reshape(len(filters), usual.shape[1]))

    def apply(self, window: Observations) -> Table:
        """Return float64 [N, faults]: what each filter gives for each picture."""
        found: Table = self.scores.apply(level(window.statistics)) @ self.bank.T
        return found


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
    raw[:, _TEXTURE] += 3
    return raw


def _colour_cast(raw: Raw) -> Raw:
    raw[:, _AT["warmth"]] += 10
    return raw


FAULTS: tuple[Callable[[Raw], Raw], ...] = (
    _less_light,
    _more_light,
    _less_contrast,
    _blur,
    _noise,
    _colour_cast,
)
