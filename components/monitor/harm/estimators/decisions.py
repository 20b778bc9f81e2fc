"""Moved decisions: what it costs that the model now says its classes more or less often.

If the mix of classes is the old one, a fault that pushes all scores one way acts like a moved
threshold. The reference's scores get one offset a class, so that its decisions have the window's
shares; the accuracy it loses by that is the estimate.
"""

import numpy as np

from components.monitor.harm.evidence import Evidence, Floats

_STEPS = 200
_RATE = 0.5
_RAREST = 1e-3


def loss_points(window: Evidence, reference: Evidence) -> float:
    """Return the loss of the moved reference in points; see the package."""
    truth = reference.truth
    moved = _decide(reference, shares(window.decided, window.scores.shape[1]))
    return 100.0 * float(reference.right.mean() - (moved == truth).mean())


def shares(decided: np.ndarray, classes: int) -> Floats:
    """Return how often each class was decided, float64 [classes], sum 1."""
    counts = np.bincount(decided, minlength=classes).astype(np.float64)
    return np.asarray(counts / max(float(counts.sum()), 1.0), dtype=np.float64)


def _decide(known: Evidence, wanted: Floats) -> np.ndarray:
    scores = np.log(np.clip(known.scores, 1e-12, 1.0))
    if scores.shape[1] == 2:
        # Exactly: the largest differences become class 1.
        order = np.argsort(scores[:, 0] - scores[:, 1], kind="stable")
        decided = np.zeros(len(scores), dtype=np.int64)
        decided[order[: round(wanted[1] * len(scores))]] = 1
        return decided
    offsets = np.zeros(scores.shape[1])
    aim = np.clip(wanted, _RAREST, None)
    for step in range(_STEPS):
        now = shares((scores + offsets).argmax(axis=1), scores.shape[1])
        rate = _RATE / (1.0 + step / 20.0)
        offsets += rate * (np.log(aim) - np.log(np.clip(now, _RAREST, None)))
    return np.asarray((scores + offsets).argmax(axis=1), dtype=np.int64)
