"""Times as people read them."""

from datetime import UTC, datetime


def utc_minute(unix_s: float) -> str:
    """Return "2026-01-05 08:00 UTC"; "" for 0 or less, which no record has."""
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M} UTC" if unix_s > 0 else ""
