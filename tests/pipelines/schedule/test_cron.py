from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipelines.schedule.cron import next_after, parse

BERLIN = ZoneInfo("Europe/Berlin")


def after(expression: str, moment: str, zone: str = "UTC") -> str:
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    return f"{next_after(expression, start, ZoneInfo(zone)):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("expression", "moment", "following"),
    [
        ("0 5 * * *", "2026-01-05 04:59", "2026-01-05 05:00"),
        ("0 5 * * *", "2026-01-05 05:00", "2026-01-06 05:00"),
        ("*/15 * * * *", "2026-01-05 05:16", "2026-01-05 05:30"),
        ("5-20/10 6,18 * * *", "2026-01-05 06:06", "2026-01-05 06:15"),
        ("50/5 * * * *", "2026-01-05 06:56", "2026-01-05 07:50"),
        ("0 0 * * mon-fri", "2026-01-09 12:00", "2026-01-12 00:00"),
        ("0 0 * * 0", "2026-01-05 00:00", "2026-01-11 00:00"),
        ("0 0 1 JAN *", "2026-01-05 00:00", "2027-01-01 00:00"),
        ("0 0 29 2 *", "2026-01-05 00:00", "2028-02-29 00:00"),
        # Both days restricted: either fits. 2026-01-13 is a Tuesday.
        ("0 0 13 * fri", "2026-01-10 00:00", "2026-01-13 00:00"),
        ("0 0 13 * fri", "2026-01-13 00:00", "2026-01-16 00:00"),
        # A step goes on to Saturday, and not to the Sunday after it. 2026-01-10 is a Saturday.
        ("0 0 * * 1/3", "2026-01-08 00:00", "2026-01-12 00:00"),
        # 29 February is rarely a Sunday.
        ("0 0 29 2 */7", "2026-01-05 00:00", "2032-02-29 00:00"),
    ],
)
def test_the_next_time(expression: str, moment: str, following: str) -> None:
    assert after(expression, moment) == following


def test_times_are_local_and_clock_changes_lose_and_double_nothing() -> None:
    assert after("0 5 * * *", "2026-01-05 00:00", "Europe/Berlin") == "2026-01-05 04:00"
    assert after("0 5 * * *", "2026-07-05 00:00", "Europe/Berlin") == "2026-07-05 03:00"
    # 2:30 does not exist on 29 March, and comes twice on 25 October.
    assert after("30 2 * * *", "2026-03-29 00:00", "Europe/Berlin") == "2026-03-29 01:30"
    assert after("30 2 * * *", "2026-10-24 22:00", "Europe/Berlin") == "2026-10-25 00:30"
    assert after("30 2 * * *", "2026-10-25 00:30", "Europe/Berlin") == "2026-10-26 01:30"


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "five fields"),
        ("0 0 5 * * *", "five fields"),
        ("60 * * * *", "a minute from 0 to 59, not '60'"),
        ("* * 0 * *", "a day of the month from 1 to 31"),
        ("* * * * 7", "a day of the week from 0 to 6, not '7'"),
        ("* * * * 5-07", "a day of the week from 0 to 6, not '5-07'"),
        ("* * * * 5L", "not '5l'"),
        ("* * * * mon#2", "not 'mon#2'"),
        ("* * LW * *", "not 'lw'"),
        ("0 0 30 2 *", "whose time comes, not '0 0 30 2"),
        ("* 5-3 * * *", "an? hour"),
        ("*/0 * * * *", "a minute"),
        ("* * * foo *", "a month"),
        ("a * * * *", "not 'a'"),
        ("-1 * * * *", "not '-1'"),
        ("1, * * * *", "not ''"),
        ("5-5/2 * * * *", "not '5-5/2'"),
    ],
)
def test_what_is_none_is_refused(expression: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(expression)
