"""How far a window has moved, in figures that no score can hide.

Confidence can rise while accuracy falls; statistics and embeddings then still tell that the
pictures are others.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.monitor.harm.evidence import Evidence, Floats
from components.monitor.observe.camera import look_of
from components.monitor.observe.observations import Observations

COMPONENTS = 16
_OWN_SHARE = 0.1  # of the pictures' own spread: groups that happen to agree prove little


@dataclass(frozen=True)
class Shift:
    """Root mean square distances of the means, in spreads between groups, as log(1 + distance).

    `spread` is the log of how far the scores spread, against the reference; negative is closer.
    """

    statistics: float
    embedding: float
    spread: float


class Ruler:
    """Measures windows against one reference.

    Embeddings are reduced to few principal components first; `reduce` gives both sides so.
    """

    def __init__(self, reference: Evidence, *, seed: int) -> None:
        self._projection = _projection(reference.rows, seed=seed)
        self.reference = self.reduce(reference)
        groups = reference.rows.groups
        self._statistics = _Scale.of(look_of(self.reference.rows.statistics), groups)
        self._embedding = _Scale.of(self.reference.rows.features.astype(np.float64), groups)
        self._spread = _score_spread(self.reference)

    def reduce(self, evidence: Evidence) -> Evidence:
        """Return the same pictures with reduced embeddings."""
        return dataclasses.replace(evidence, rows=reduced(evidence.rows, self._projection))

    def measure(self, window: Evidence) -> Shift:
        """Return how far a window (reduced) has moved; 0 where nothing can be compared."""
        return Shift(
            statistics=self._statistics.distance(look_of(window.rows.statistics)),
            embedding=self._embedding.distance(window.rows.features.astype(np.float64)),
            spread=float(np.log((_score_spread(window) + 1e-3) / (self._spread + 1e-3))),
        )


@dataclass(frozen=True)
class Projection:
    """Mean [D] and components [k, D] of a principal component analysis."""

    mean: Floats
    components: Floats


def _projection(rows: Observations, *, seed: int) -> Projection | None:
    from sklearn.decomposition import PCA

    features = rows.features[rows.has_features].astype(np.float64)
    if len(features) < 3:
        return None
    count = min(COMPONENTS, len(features) - 1, features.shape[1])
    fitted = PCA(count, svd_solver="randomized", random_state=seed).fit(features)
    return Projection(fitted.mean_, fitted.components_)


def reduced(rows: Observations, projection: Projection | None) -> Observations:
    """Return observations whose features are principal components, NaN where there was none."""
    width = rows.features.shape[1]
    if projection is None or width != projection.components.shape[1]:
        return dataclasses.replace(rows, features=np.zeros((len(rows), 0), dtype=np.float32))
    centred = rows.features.astype(np.float64) - projection.mean
    return dataclasses.replace(
        rows, features=(centred @ projection.components.T).astype(np.float32)
    )


@dataclass(frozen=True)
class _Scale:
    centre: Floats
    spread: Floats

    @classmethod
    def of(cls, values: Floats, groups: Any) -> "_Scale":
        whole = np.isfinite(values).all(axis=1)
        values, groups = values[whole], groups[whole]
        if not len(values):
            return cls(np.zeros(0), np.zeros(0))
        means = np.stack([values[groups == name].mean(axis=0) for name in set(groups)])
        between = means.std(axis=0) + _OWN_SHARE * values.std(axis=0)
        return cls(values.mean(axis=0), between)

    def distance(self, values: Floats) -> float:
        whole = values[np.isfinite(values).all(axis=1)]
        used = self.spread > 0
        if not len(whole) or whole.shape[1] != len(self.centre) or not used.any():
            return 0.0
        moved = (whole.mean(axis=0) - self.centre)[used] / self.spread[used]
        return float(np.log1p(np.sqrt((moved**2).mean())))


def _score_spread(evidence: Evidence) -> float:
    if not len(evidence):
        return 0.0
    logs = np.log(np.clip(evidence.scores, 1e-7, 1.0))
    return float((logs - logs.mean(axis=1, keepdims=True)).std(axis=0).mean())
