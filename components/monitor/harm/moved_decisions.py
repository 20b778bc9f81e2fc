"""Moved decisions: what it costs that the model now says its classes more or less often.

If the mix of classes is the old one, a fault that pushes all scores one way acts like a moved
threshold. The reference's scores get one offset a class, so that its decisions have the window's
shares; the accuracy that it loses by that is the estimate. Groups of both sides are drawn again
with replacement (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, of clusters): with
few modules the shares alone move by chance.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.statistics.clusters import units
from components.monitor.harm.evidence import Evidence, Floats

DRAWS = 200
_STEPS = 60
_RATE = 0.5
_RAREST = 1e-3
_TAIL = 0.05


@dataclass(frozen=True, kw_only=True)
class Estimated:
    """Loss in points: the median over the draws, and the bounds that one in ten lies outside of."""

    loss_points: float
    low: float
    high: float


def estimated_loss(window: Evidence, reference: Evidence, *, rng: np.random.Generator) -> Estimated:
    """Estimate the loss of accuracy from the shares of the decisions.

    Args:
        window: at least one picture; labels are not looked at.
        reference: at least one picture, all labelled.
        rng: draws groups.
    """
    classes = window.scores.shape[1]
    counts = _counts(window, classes)
    members = _members(reference)
    losses = []
    for _ in range(DRAWS):
        drawn = counts[rng.integers(0, len(counts), len(counts))].sum(axis=0)
        rows = np.concatenate([members[one] for one in rng.integers(0, len(members), len(members))])
        losses.append(_loss_points(reference, rows, drawn / drawn.sum()))
    low, middle, high = np.quantile(losses, (_TAIL, 0.5, 1 - _TAIL))
    return Estimated(loss_points=float(middle), low=float(low), high=float(high))


def _counts(window: Evidence, classes: int) -> Floats:
    """Return float64 [groups, classes]: decisions of each group."""
    return np.stack(
        [
            np.bincount(window.decided[rows], minlength=classes).astype(np.float64)
            for rows in _members(window)
        ]
    )


def _members(evidence: Evidence) -> list[npt.NDArray[np.int64]]:
    """Return the rows of each independent unit: a group, or a picture where there is but one."""
    index = units(evidence.rows.groups.tolist())
    return np.split(np.argsort(index, kind="stable"), np.cumsum(np.bincount(index))[:-1])


def _loss_points(reference: Evidence, rows: Any, wanted: Floats) -> float:
    truth = reference.truth[rows]
    moved = _decide(reference.scores[rows], wanted)
    right = reference.decided[rows] == truth
    return 100.0 * float(right.mean() - (moved == truth).mean())


def _decide(scores: Floats, wanted: Floats) -> npt.NDArray[np.int64]:
    logs = np.log(np.clip(scores, 1e-12, 1.0))
    if logs.shape[1] == 2:
        # Exactly: the largest differences become class 1.
        order = np.argsort(logs[:, 0] - logs[:, 1], kind="stable")
        decided = np.zeros(len(logs), dtype=np.int64)
        decided[order[: round(wanted[1] * len(logs))]] = 1
        return decided
    offsets, aim = np.zeros(logs.shape[1]), np.clip(wanted, _RAREST, None)
    for step in range(_STEPS):
        decided = (logs + offsets).argmax(axis=1)
        now = np.bincount(decided, minlength=logs.shape[1]) / len(logs)
        offsets += _RATE / (1.0 + step / 20.0) * np.log(aim / np.clip(now, _RAREST, None))
    return np.asarray((logs + offsets).argmax(axis=1), dtype=np.int64)
