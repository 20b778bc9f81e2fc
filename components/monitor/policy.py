"""Policy: one word, with reasons."""

from dataclasses import dataclass

from components.common.artifacts.drift_report import Decision, Detection, Explanation, Harm
from components.monitor.policy_config import PolicyConfig


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the policy knows when it decides.

    runs_unix_s: when the last training runs of this model started.
    new_labels: labelled pictures that came in since the serving version was trained.
    """

    now_unix_s: float
    version: int
    pictures: int
    detections: tuple[Detection, ...]
    explanation: Explanation
    harm: Harm | None
    runs_unix_s: tuple[float, ...] = ()
    new_labels: int = 0


def decide(situation: Situation, settings: PolicyConfig) -> Decision:
    """Return `keep`, `ask`, `fix_camera` or `retrain`."""
    raise NotImplementedError
