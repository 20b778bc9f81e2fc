"""Evidence: the pictures that the model answered, with what the estimators look at."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.observations import Observations, column_numbers

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_SMALLEST = 1e-7


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """N pictures with finite scores.

    scores: float64 [N, classes], rows sum to 1.
    decided: int64 [N], column of the decided class; the largest score where no decision is known.
    truth: int64 [N], column of the label, -1 where there is none.
    rows: the observations themselves, in the same order.
    """

    scores: Floats
    decided: npt.NDArray[np.int64]
    truth: npt.NDArray[np.int64]
    rows: Observations

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def confidence(self) -> Floats:
        """float64 [N]: the largest score."""
        return np.asarray(self.scores.max(axis=1), dtype=np.float64)

    @property
    def labelled(self) -> Mask:
        """bool [N]: the label is known."""
        return np.asarray(self.truth >= 0)

    @property
    def right(self) -> Mask:
        """bool [N]: the decision was the label; False where there is no label."""
        return np.asarray(self.truth == self.decided)

    @property
    def accuracy(self) -> float:
        """Share of right decisions among the labelled, in [0, 1]; NaN without labels."""
        return float(self.right[self.labelled].mean()) if self.labelled.any() else float("nan")

    def take(self, rows: Any) -> "Evidence":
        """Return some rows: a mask or positions."""
        return Evidence(
            scores=self.scores[rows],
            decided=self.decided[rows],
            truth=self.truth[rows],
            rows=self.rows.take(rows),
        )


def evidence_of(observations: Observations) -> Evidence:
    """Keep what the model answered with finite scores, of a window or a reference."""
    kept = observations.take(observations.whole("scores"))
    scores = np.clip(kept.scores.astype(np.float64), 0.0, None)
    scores = scores / np.maximum(scores.sum(axis=1, keepdims=True), _SMALLEST)
    named = column_numbers(kept.decisions, kept.classes)
    likeliest = scores.argmax(axis=1) if len(scores) else named
    decided = np.where(named < 0, likeliest, named).astype(np.int64)
    return Evidence(scores=scores, decided=decided, truth=kept.columns, rows=kept)
