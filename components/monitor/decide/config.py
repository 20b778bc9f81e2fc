"""Section `monitor.policy` of a preset: what follows from a look."""

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, Field

from components.common.config import Section
from components.common.times import TimeZone

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _clock(text: str) -> str:
    if text and not _CLOCK.fullmatch(text):
        raise ValueError("a time of day as '22:00', or '' for none")
    return text


Clock = Annotated[str, AfterValidator(_clock)]


@dataclass(frozen=True, kw_only=True)
class PolicyConfig(Section):
    """When a drift is left alone, shown to a person, or answered by training.

    min_pictures: windows with fewer say nothing.
    retrain_loss_points: audited loss of accuracy, in percentage points, from which a run is worth
        it, if `retrain_low_points` agrees. Without labels section `harm` says which loss counts.
    retrain_low_points: what the lower bound of that loss must lie above.
    ask_loss_points: an alarm whose audited loss may be as high as this (upper bound) is shown to a
        person.
    min_confidence: how sure the explanation must be, in [0, 1]; a camera fault below
        it is a question to people.
    min_new_labels: labelled pictures that a run must have to learn from; 0 trains without.
    cool_down_h: hours between the starts of two runs.
    max_runs_per_week: most runs in any seven days; 0 never trains by itself.
    run_lease_h: how long a run may take to say how it ended; one that says nothing for longer is
        started again by the next check, and does not count as a run of the week.
    quiet_from, quiet_until: time of day in `time_zone` between which no run starts, as "22:00" and
        "06:00"; "" for none.
    time_zone: of these two, such as "Asia/Taipei".
    """

    min_pictures: Annotated[int, Field(ge=1)] = 50
    retrain_loss_points: Annotated[float, Field(ge=-100, le=100)] = 3.0
    retrain_low_points: Annotated[float, Field(ge=-100, le=100)] = 0.0
    ask_loss_points: Annotated[float, Field(ge=-100, le=100)] = 5.0
    min_confidence: Annotated[float, Field(ge=0, le=1)] = 0.5
    min_new_labels: Annotated[int, Field(ge=0)] = 20
    cool_down_h: Annotated[float, Field(ge=0)] = 72.0
    max_runs_per_week: Annotated[int, Field(ge=0)] = 2
    run_lease_h: Annotated[float, Field(gt=0)] = 24.0
    quiet_from: Clock = ""
    quiet_until: Clock = ""
    time_zone: TimeZone = "UTC"
