"""A window beside its reference, in units of how groups differ anyway."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations, Texts
from components.common.pictures.statistics import STATISTICS
from components.common.statistics.clusters import between_groups
from components.common.statistics.pca import Components
from components.monitor.observe.camera_figures import CAMERA_FIGURES, camera_figures

Floats = npt.NDArray[np.float64]

COMPONENTS = 16
# In the figures' units: what nobody would call a fault, however equal the reference's pictures.
_LEAST = np.array([0.02, 0.03, 0.04, 0.03, 0.05, 0.05, 0.002, 1.0, 1.0, 0.003, 0.003, 0.05])
_LEAST_TILT_DEG = 0.4


@dataclass(frozen=True, kw_only=True)
class CauseFinding:
    """What speaks for one fault.

    strength: 1 is where it begins to be believed; the strongest of all causes wins.
    """

    fault: str
    strength: float
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figures:
    """One kind of figures of both sides; rows that are not finite are left out.

    values, reference: float64 [N, D]; rows, reference_rows: their positions in the observations.
    spread: float64 [D], between groups.
    """

    values: Floats
    reference: Floats
    rows: npt.NDArray[np.int64]
    reference_rows: npt.NDArray[np.int64]
    spread: Floats

    @property
    def usable(self) -> bool:
        """Whether there is anything to compare."""
        return len(self.values) > 0 and len(self.reference) > 1 and self.spread.size > 0

    @property
    def shift(self) -> Floats:
        """float64 [D]: how far the mean moved, in spreads; zeros where nothing is comparable."""
        if not self.usable:
            return np.zeros(len(self.spread))
        moved = self.values.mean(axis=0) - self.reference.mean(axis=0)
        return np.asarray(moved / self.spread, dtype=np.float64)


@dataclass(frozen=True)
class Comparison:
    """Both sides, and what was computed from them.

    camera: figures of the picture statistics; embedding: principal components.
    turned: how far edges turned, in spreads between groups; 0 where either side does not tell.
    groups: how many groups the window mixes; 1 where that is not known.
    """

    window: Observations
    reference: Observations
    camera: Figures
    embedding: Figures
    turned: float
    groups: float

    @classmethod
    def of(cls, window: Observations, reference: Observations) -> "Comparison":
        """Compare a window with its reference."""
        return cls(
            window=window,
            reference=reference,
            camera=_camera(window, reference),
            embedding=_embedding(window, reference),
            turned=_turned(window, reference),
            groups=_mixed_groups(window.groups),
        )

    @property
    def tells_pictures_apart(self) -> Figures:
        """The embeddings; the camera's figures where there are none."""
        return self.embedding if self.embedding.usable else self.camera

    def moved(self, name: str) -> float:
        """Return how far one of CAMERA_FIGURES moved, in spreads between groups."""
        return float(self.camera.shift[CAMERA_FIGURES.index(name)])


def _camera(window: Observations, reference: Observations) -> Figures:
    values, known = camera_figures(window.statistics), camera_figures(reference.statistics)
    return _figures(values, known, reference.groups, least=_LEAST)


def _turned(window: Observations, reference: Observations) -> float:
    # None of CAMERA_FIGURES: what harm has learnt rests on those, and older records do not hold it.
    place = [STATISTICS.index("tilt")]
    values, known = (side.statistics[:, place].astype(np.float64) for side in (window, reference))
    figures = _figures(values, known, reference.groups, least=np.array([_LEAST_TILT_DEG]))
    return float(abs(figures.shift[0]))


def _embedding(window: Observations, reference: Observations) -> Figures:
    there = reference.whole("features")
    if there.sum() < 3 or window.features.shape[1] != reference.features.shape[1]:
        sides = np.zeros((len(window), 0)), np.zeros((len(reference), 0))
    else:
        components = Components.of(reference.features[there], count=COMPONENTS)
        sides = components.apply(window.features), components.apply(reference.features)
    return _figures(*sides, reference.groups, least=np.zeros(sides[0].shape[1]))


def _figures(values: Floats, reference: Floats, groups: Texts, *, least: Floats) -> Figures:
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))
    known = np.flatnonzero(np.isfinite(reference).all(axis=1))
    spread = least
    if len(known):
        spread = np.maximum(between_groups(reference[known], groups[known]) + 1e-9, least)
    return Figures(values[rows], reference[known], rows, known, spread)


def _mixed_groups(groups: Texts) -> float:
    """Return the effective number of groups (inverse Simpson)."""
    named = groups[groups != ""]
    if not len(named):
        return 1.0
    shares = np.unique(named.astype(str), return_counts=True)[1] / len(named)
    return float(1.0 / (shares**2).sum())
