"""Cron expressions, in the dialect that Kubernetes, Kubeflow and cron(8) share.

Five fields: minute, hour, day of the month, month, day of the week. Each is `*`, a number, a range
`a-b`, a step `*/n` or `a-b/n`, or several of them with commas; months and days also by the first
three letters of their names. Where both days are restricted, either may fit (POSIX).
"""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day of the month", 1, 31),
    ("month", 1, 12),
    ("day of the week", 0, 6),
)
# cronsim also takes L, # and Sunday as 7, which the libraries of Kubernetes and Kubeflow refuse,
# and reads 5-5/2 as 5/2.
_ITEM = re.compile(r"(?!(\w+)-\1/)(\*|([0-9]+|[a-z]{3})(-([0-9]+|[a-z]{3}))?)(/[0-9]+)?")
_SUNDAY = 7


def parse(text: str, *, after: datetime = datetime.min) -> CronSim:
    """Read a cron expression.

    Args:
        text: the expression.
        after: local time without a zone; iterating gives the times that follow.

    Returns:
        What each field allows, in the attributes `minutes`, `hours`, `days`, `months`, `weekdays`
        (0 is Sunday) and `day_and`: whether a day has to fit both as a date and as a weekday.

    Raises:
        ValueError: it is none, or its time never comes; says what was expected.
    """
    fields = text.lower().split()
    if len(fields) != len(_FIELDS):
        raise ValueError("five fields of a cron expression, as '0 5 * * *'")
    for position, field in enumerate(fields):
        for item in field.split(","):
            _check(item, position)
    try:
        cron = CronSim(text, after)
    except CronSimError:
        raise ValueError(f"a cron expression whose time comes, not '{text}'") from None
    cron.weekdays.discard(_SUNDAY)
    return cron


def next_after(text: str, moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the first time of a cron expression after a moment, in UTC.

    A time that the clocks skip in spring comes an hour later by the clock, and one that they
    repeat in autumn comes once.
    """
    # By the clock on the wall: cronsim itself would repeat and shift as Debian's cron does.
    local = moment.astimezone(zone).replace(tzinfo=None)
    times = (time.replace(tzinfo=zone).astimezone(UTC) for time in parse(text, after=local))
    return next(time for time in times if time > moment)


def _check(item: str, position: int) -> None:
    name, low, high = _FIELDS[position]
    alone = ["*"] * len(_FIELDS)
    alone[position] = item
    refused = ValueError(f"a {name} from {low} to {high}, not '{item}'")
    span = item.partition("/")[0]
    if not _ITEM.fullmatch(item) or (high == 6 and re.search(r"\b0*7\b", span)):
        raise refused
    try:
        CronSim(" ".join(alone), datetime.min)
    except CronSimError:
        raise refused from None
