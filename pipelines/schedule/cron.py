"""Cron expressions, in the dialect that Kubernetes, Kubeflow and cron(8) share.

Five fields: minute, hour, day of the month, month, day of the week. Each is `*`, a number, a range
`a-b`, a step `*/n` or `a-b/n`, or several of them with commas; months and days also by the first
three letters of their names. Where both days are restricted, either may fit (POSIX). Sunday is 0:
the libraries behind Kubernetes and Kubeflow refuse 7.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
# Leap years are at most eight years apart.
_HORIZON_DAYS = 366 * 8 + 1


@dataclass(frozen=True)
class _Field:
    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, tuple(_MONTHS)),
    _Field("day of the week", 0, 6, tuple(_DAYS)),
)


@dataclass(frozen=True, kw_only=True)
class Cron:
    """A parsed expression: what each field allows, and whether the days are restricted."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def next_after(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the first time after a moment, in UTC; None if it never comes (30 February).

        A time that the clocks skip in spring comes an hour later by the clock, and one that they
        repeat in autumn comes once.
        """
        local = moment.astimezone(zone)
        for offset in range(_HORIZON_DAYS):
            day = local.date() + timedelta(days=offset)
            if not self._is_day(day.month, day.day, (day.weekday() + 1) % 7):
                continue
            times = (
                datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)
                for hour in sorted(self.hours)
                for minute in sorted(self.minutes)
            )
            later = [time for time in times if time > moment]
            if later:
                return min(later)
        return None

    def _is_day(self, month: int, day: int, weekday: int) -> bool:
        if month not in self.months:
            return False
        by_day, by_weekday = day in self.days, weekday in self.weekdays
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday


def parse(text: str) -> Cron:
    """Read a cron expression.

    Raises:
        ValueError: it is none; says what was expected.
    """
    parts = text.lower().split()
    if len(parts) != len(_FIELDS):
        raise ValueError("five fields of a cron expression, as '0 5 * * *'")
    minutes, hours, days, months, weekdays = (
        _allowed(part, field) for part, field in zip(parts, _FIELDS, strict=True)
    )
    return Cron(
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=weekdays,
        any_day=parts[2].startswith("*"),
        any_weekday=parts[4].startswith("*"),
    )


def _allowed(text: str, field: _Field) -> frozenset[int]:
    found: set[int] = set()
    for item in text.split(","):
        span, slash, step = item.partition("/")
        if slash and not (step.isdecimal() and int(step)):
            raise _wrong(field, item)
        found |= set(_span(span, field, item, open_ended=bool(slash))[:: int(step or 1)])
    return frozenset(found)


def _span(text: str, field: _Field, item: str, *, open_ended: bool) -> range:
    if text == "*":
        return range(field.low, field.high + 1)
    first, dash, last = text.partition("-")
    start = _number(first, field, item)
    end = _number(last, field, item) if dash else (field.high if open_ended else start)
    if end < start:
        raise _wrong(field, item)
    return range(start, end + 1)


def _number(text: str, field: _Field, item: str) -> int:
    if text in field.words:
        return field.words.index(text) + field.low
    if not text.isdecimal() or not field.low <= int(text) <= field.high:
        raise _wrong(field, item)
    return int(text)


def _wrong(field: _Field, item: str) -> ValueError:
    return ValueError(f"a {field.name} from {field.low} to {field.high}, not '{item}'")
