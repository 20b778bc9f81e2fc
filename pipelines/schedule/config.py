"""Settings of what starts by itself."""

from dataclasses import dataclass
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator

from components.common.config import Section
from pipelines.schedule.cron import parse


def _cron(text: str) -> str:
    parse(text)
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone as 'UTC' or 'Europe/Berlin'") from None
    return text


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig(Section):
    """When `graft watch` looks, and a Kubeflow recurring run or a CronJob starts.

    cron: minute, hour, day of the month, month, day of the week (0 is Sunday), in `time_zone`.
        Kubeflow goes by its server's time zone instead.
    pipeline: what is started.
    """

    cron: Annotated[str, AfterValidator(_cron)] = "0 5 * * *"
    time_zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    pipeline: Literal["monitoring", "training"] = "monitoring"
