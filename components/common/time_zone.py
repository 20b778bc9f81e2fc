"""A setting that names a time zone."""

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone as 'UTC' or 'Europe/Berlin'") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known)]
