"""How often the model gives each answer, for people."""

import numpy as np

from components.common.artifacts.monitoring.drift_report import AnswerShare
from components.common.artifacts.monitoring.observations import Observations, decided_columns
from components.common.statistics.operating_point import ASK


def answer_shares(window: Observations, reference: Observations) -> tuple[AnswerShare, ...]:
    """Return the share of each class, and of ASK where that was answered, in both.

    Empty where either side has no scores, or other classes.
    """
    if window.classes != reference.classes:
        return ()
    sides = [side.take(side.whole("scores")) for side in (reference, window)]
    if not all(map(len, sides)):
        return ()
    names = (*reference.classes, ASK)
    usual, now = (
        np.bincount(decided_columns(side), minlength=len(names)) / len(side) for side in sides
    )
    return tuple(
        AnswerShare(answer=name, usual=float(before), now=float(after))
        for name, before, after in zip(names, usual, now, strict=True)
        if before or after
    )
