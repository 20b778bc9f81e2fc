"""A window beside its reference, in units of how groups differ anyway."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from components.common.pictures.statistics import STATISTICS
from components.monitor.observe.camera import LOOK, look_of
from components.monitor.observe.observations import Observations, Texts

Floats = npt.NDArray[np.float64]

COMPONENTS = 16
_OWN_SHARE = 0.1  # of the pictures' own spread, where groups happen to agree
# In the units of LOOK: what nobody would call a fault, however equal the reference's pictures.
_LEAST = np.array([0.02, 0.03, 0.04, 0.03, 0.05, 0.05, 0.002, 1.0, 1.0, 0.003, 0.003, 0.05])
_LEAST_TILT_DEG = 0.4


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What speaks for one fault.

    strength: 1 is where it begins to be believed; the strongest finding wins.
    """

    fault: str
    strength: float
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
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
class View:
    """Both sides, and what was computed from them.

    turned: how far edges turned, in spreads between groups; 0 where either side does not tell.
    groups: how many groups the window mixes; 1 where that is not known.
    """

    window: Observations
    reference: Observations
    look: Table
    embedding: Table
    turned: float
    groups: float
    classes: tuple[str, ...] = field(default=())

    def moved(self, name: str) -> float:
        """Return how far one figure of LOOK moved, in spreads between groups."""
        return float(self.look.shift[LOOK.index(name)])


def view_of(window: Observations, reference: Observations) -> View:
    """Compare a window with its reference."""
    known = [name for name in reference.labels if name]
    return View(
        window=window,
        reference=reference,
        look=_look(window, reference),
        embedding=_embedding(window, reference),
        turned=_turned(window, reference),
        groups=_mixed_groups(window.groups),
        classes=tuple(sorted(set(known))),
    )


def _look(window: Observations, reference: Observations) -> Table:
    table = _table(look_of(window.statistics), look_of(reference.statistics), reference.groups)
    spread = np.maximum(table.spread, _LEAST) if table.spread.size else _LEAST
    return Table(table.values, table.reference, table.rows, table.reference_rows, spread)


def _turned(window: Observations, reference: Observations) -> float:
    # Not a figure of LOOK: what harm has learnt rests on those, and older records do not hold it.
    place = [STATISTICS.index("tilt")]
    values, known = (side.statistics[:, place].astype(np.float64) for side in (window, reference))
    table = _table(values, known, reference.groups)
    if not table.usable:
        return 0.0
    moved = float(table.values.mean() - table.reference.mean())
    return abs(moved) / max(float(table.spread[0]), _LEAST_TILT_DEG)


def _embedding(window: Observations, reference: Observations) -> Table:
    from sklearn.decomposition import PCA

    there = reference.has_features
    known = reference.features[there].astype(np.float64)
    if len(known) < 3 or window.features.shape[1] != reference.features.shape[1]:
        nothing = np.zeros((len(window), 0))
        return _table(nothing, np.zeros((len(reference), 0)), reference.groups)
    count = min(COMPONENTS, len(known) - 1, known.shape[1])
    fitted = PCA(count, svd_solver="randomized", random_state=0).fit(known)
    sides = [
        (side.features.astype(np.float64) - fitted.mean_) @ fitted.components_.T
        for side in (window, reference)
    ]
    return _table(sides[0], sides[1], reference.groups)


def _table(values: Floats, reference: Floats, groups: Texts) -> Table:
    rows = np.flatnonzero(np.isfinite(values).all(axis=1))
    known = np.flatnonzero(np.isfinite(reference).all(axis=1))
    return Table(
        values[rows], reference[known], rows, known, _spread(reference[known], groups[known])
    )


def _spread(values: Floats, groups: Texts) -> Floats:
    if not len(values):
        return np.zeros(0)
    means = np.stack([values[groups == name].mean(axis=0) for name in sorted(set(groups))])
    return np.asarray(means.std(axis=0) + _OWN_SHARE * values.std(axis=0) + 1e-9)


def _mixed_groups(groups: Texts) -> float:
    """Return the effective number of groups (inverse Simpson)."""
    named = groups[groups != ""]
    if not len(named):
        return 1.0
    shares = np.unique(named.astype(str), return_counts=True)[1] / len(named)
    return float(1.0 / (shares**2).sum())
