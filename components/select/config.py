"""Settings of `select`."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section
from components.common.statistics.figures import Quality


@dataclass(frozen=True, kw_only=True)
class SelectConfig(Section):
    """How the winner is chosen among the fine-tuned finalists.

    metric: what quality means, on held-out pictures; the gate compares by the same.
    noise_errors: a gap to the best of at most this many standard errors counts as none.
    latency_tolerance: latencies within this share of each other count as equal.
    timed_pictures: single pictures each finalist is timed with, in turns.
    """

    metric: Quality = "balanced_accuracy"
    noise_errors: Annotated[float, Field(ge=0)] = 1.0
    latency_tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.1
    timed_pictures: Annotated[int, Field(ge=3, le=1000)] = 20
