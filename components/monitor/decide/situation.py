"""What a look has found, as the policy reads it."""

from dataclasses import dataclass

from components.common.artifacts.monitoring.drift_report import (
    AnswerShare,
    Detection,
    Explanation,
    Harm,
)
from components.monitor.observe.silence import Silence


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the policy knows when it decides.

    runs_unix_s: when the last training runs of this model started.
    new_labels: labelled pictures that came in since the serving version was trained.
    answers: how often the model gave each answer, usually and now.
    silence: why the monitor cannot see, and what to look at; None where it can.
    """

    now_unix_s: float
    version: int
    pictures: int
    detections: tuple[Detection, ...]
    explanation: Explanation
    harm: Harm | None
    runs_unix_s: tuple[float, ...] = ()
    new_labels: int = 0
    answers: tuple[AnswerShare, ...] = ()
    silence: Silence | None = None

    @property
    def alarm(self) -> bool:
        """Whether any detector alarmed."""
        return any(detection.alarm for detection in self.detections)


def count_of(number: int, noun: str) -> str:
    """Return "1 run" or "2 runs"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
