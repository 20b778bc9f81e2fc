"""Settings of what starts by itself."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator

from components.common.config import Section
from components.common.time_zone import TimeZone
from pipelines.schedule.cron import parse


def _cron(text: str) -> str:
    parse(text)
    return text


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig(Section):
    """When `graft watch` looks, and a Kubeflow recurring run or a CronJob starts.

    cron: minute, hour, day of the month, month, day of the week (0 is Sunday), in `time_zone`.
        Kubeflow goes by its server's time zone instead.
    pipeline: what is started.
    """

    cron: Annotated[str, AfterValidator(_cron)] = "0 5 * * *"
    time_zone: TimeZone = "UTC"
    pipeline: Literal["monitoring", "training"] = "monitoring"
