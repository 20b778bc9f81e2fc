"""Section `monitor.detect` of a preset: when a window counts as changed."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from components.common.config import Section

DETECTORS = "components.monitor.detect.detectors"
# Chosen by benchmarks/drift_detection.py: see "Drift" in docs/results.md.
DEFAULT_DETECTORS = (
    "shifted_statistics",
    "known_faults",
    "shifted_features",
    "answer_shares",
)


@dataclass(frozen=True, kw_only=True)
class DetectConfig(Section):
    """Which detectors look, and how often they may be wrong.

    detectors: names of files in components/monitor/detect/detectors; together with the ranks of
        what the model answers (answer_ranks.py), which always look, they keep the rate below.
    false_alarms: share of windows without drift that may raise an alarm.
    weeks_between_false_alarms: says the same in time and goes first where it is not 0: one false
        alarm in so many weeks, with `windows_a_week` windows looked at.
    windows_a_week: how often the monitor runs in a week; `weeks_between_false_alarms` reads it.
    looks: over how many of the last looks the model's answers are summed, this one included, so
        that a small change shows by lasting; 0: each look for itself.
    windows: how the pictures of a window come together. "groups": whole modules, lots or
        sessions, whose pictures are alike, as many as the window names, and one where it names
        none; "independent": each picture from anywhere.
    null_windows: windows without drift that thresholds are learnt from.
    min_pictures: smaller windows are not judged.
    """

    detectors: tuple[str, ...] = DEFAULT_DETECTORS
    false_alarms: Annotated[float, Field(gt=0, lt=0.5)] = 0.01
    weeks_between_false_alarms: Annotated[float, Field(ge=0)] = 0.0
    windows_a_week: Annotated[float, Field(gt=0)] = 7.0
    looks: Annotated[int, Field(ge=0, le=1000)] = 28
    windows: Literal["groups", "independent"] = "groups"
    null_windows: Annotated[int, Field(ge=100, le=100_000)] = 4000
    min_pictures: Annotated[int, Field(ge=2)] = 10

    @property
    def rate(self) -> float:
        """False alarms a window."""
        if self.weeks_between_false_alarms == 0:
            return self.false_alarms
        return min(0.5, 1 / (self.weeks_between_false_alarms * self.windows_a_week))
