"""Times as people read them, and the zones that settings name."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def utc_minute(unix_s: float) -> str:
    """Return "2026-01-05 08:00 UTC"; "" for 0 or less, which no record has."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M} UTC" if unix_s > 0 else ""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("a time zone as 'UTC' or 'Europe/Berlin'") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]
