"""Settings of what starts by itself."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from components.common.config import Section
from components.common.times import TimeZone
from pipelines.schedule.cron import parse


def _cron(text: str) -> str:
    parse(text)
    return text


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig(Section):
    """When `graft watch` looks, and a Kubeflow recurring run or a CronJob starts.

    cron: minute, hour, day of the month, month, day of the week (0 is Sunday), in `time_zone`.
    time_zone: of `cron`, such as "Asia/Taipei".
    server_time_zone: by which Kubeflow's server starts recurring runs, for all of them; its
        `cronScheduleTimezone`. Where the clocks of the two differ, `graft schedule apply` refuses.
    pipeline: what is started.
    deadline_s: after which a recurring run, or the pod of a CronJob, is stopped: the next one waits
        for it.
    """

    cron: Annotated[str, AfterValidator(_cron)] = "0 5 * * *"
    time_zone: TimeZone = "UTC"
    server_time_zone: TimeZone = "UTC"
    pipeline: Literal["monitoring", "training"] = "monitoring"
    deadline_s: Annotated[int, Field(ge=600, le=7 * 24 * 3600)] = 12 * 3600
