"""How far a window has moved, in figures that no score can hide.

Confidence can rise while accuracy falls; statistics and embeddings then still tell that the
pictures are others.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

from components.common.statistics.pca import Components
from components.monitor.harm.evidence import Evidence, Floats
from components.monitor.observe.camera_figures import camera_figures
from components.monitor.observe.scaling import between_groups

MOVED = ("statistics", "embedding", "spread")
COMPONENTS = 16


class Ruler:
    """Measures windows against one reference.

    Embeddings are reduced to few principal components first; `reduce` gives both sides so.
    """

    def __init__(self, reference: Evidence, *, seed: int) -> None:
        features = reference.rows.features[reference.rows.whole("features")]
        enough = len(features) >= 3
        self._components = Components.of(features, count=COMPONENTS, seed=seed) if enough else None
        self.reference = self.reduce(reference)
        groups = reference.rows.groups
        self._statistics = _Distance.of(camera_figures(self.reference.rows.statistics), groups)
        self._embedding = _Distance.of(self.reference.rows.features.astype(np.float64), groups)
        self._spread = _score_spread(self.reference)

    def reduce(self, evidence: Evidence) -> Evidence:
        """Return the same pictures with embeddings [N, COMPONENTS], or [N, 0] without any."""
        rows, features = evidence.rows, np.zeros((len(evidence), 0), dtype=np.float32)
        if self._components is not None and rows.features.shape[1] == len(self._components.centre):
            features = self._components.apply(rows.features).astype(np.float32)
        return dataclasses.replace(evidence, rows=dataclasses.replace(rows, features=features))

    def measure(self, window: Evidence) -> dict[str, float]:
        """Return how far a window (reduced) has moved, by the names of MOVED; 0 if unknown.

        Root mean square distances of the means, in spreads between groups, as log(1 + distance);
        for the scores the log of how far they spread, against the reference; negative is closer.
        """
        spread = (_score_spread(window) + 1e-3) / (self._spread + 1e-3)
        return {
            "statistics": self._statistics.to(camera_figures(window.rows.statistics)),
            "embedding": self._embedding.to(window.rows.features.astype(np.float64)),
            "spread": float(np.log(spread)),
        }


@dataclass(frozen=True)
class _Distance:
    centre: Floats
    spread: Floats

    @classmethod
    def of(cls, values: Floats, groups: Any) -> "_Distance":
        whole = np.isfinite(values).all(axis=1)
        values, groups = values[whole], groups[whole]
        if not len(values):
            return cls(np.zeros(0), np.zeros(0))
        return cls(values.mean(axis=0), between_groups(values, groups))

    def to(self, values: Floats) -> float:
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
