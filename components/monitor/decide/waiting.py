"""What a run that is due has to wait for; each answers why, "" for nothing."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from components.common.times import utc_minute
from components.monitor.decide.config import PolicyConfig
from components.monitor.decide.situation import Situation, count_of

_HOUR_S = 3600.0
_WEEK_S = 7 * 24 * _HOUR_S


def cooling_down(now: Situation, settings: PolicyConfig) -> str:
    """Wait until the run before has had time to show what it did."""
    last = max(now.runs_unix_s, default=None)
    if last is None or now.now_unix_s - last >= settings.cool_down_h * _HOUR_S:
        return ""
    if last > now.now_unix_s:
        return (
            f"The last run is dated {utc_minute(last)}, in the future; no run starts before then. "
            "Check the clock."
        )
    free = utc_minute(last + settings.cool_down_h * _HOUR_S)
    return f"The last run started {utc_minute(last)}; the next may start from {free}."


def week_is_full(now: Situation, settings: PolicyConfig) -> str:
    """Wait: so many runs a week are allowed and no more."""
    lately = [run for run in now.runs_unix_s if now.now_unix_s - run < _WEEK_S]
    if len(lately) < settings.max_runs_per_week:
        return ""
    runs = count_of(len(lately), "run")
    return f"{runs} started within seven days; {settings.max_runs_per_week} are allowed."


def quiet_hours(now: Situation, settings: PolicyConfig) -> str:
    """Wait: the machine, or the people, are not to be disturbed now."""
    if not settings.quiet_from or not settings.quiet_until:
        return ""
    moment = datetime.fromtimestamp(now.now_unix_s, ZoneInfo(settings.time_zone)).time()
    start, end = time.fromisoformat(settings.quiet_from), time.fromisoformat(settings.quiet_until)
    inside = start <= moment < end if start <= end else moment >= start or moment < end
    if not inside:
        return ""
    return (
        f"Quiet hours last from {settings.quiet_from} to {settings.quiet_until} "
        f"({settings.time_zone}); the first look after them decides again."
    )
