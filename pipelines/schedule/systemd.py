"""The same schedule as a systemd service and timer."""

import shlex
import sys
from pathlib import Path

from pipelines.schedule.config import ScheduleConfig
from pipelines.schedule.cron import parse

_WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")


def units(schedule: ScheduleConfig, *, name: str, words: list[str], folder: Path) -> str:
    """Return the units `name`.service and `name`.timer: `graft` with `words`, run in `folder`."""
    command = shlex.join([sys.executable, "-P", "-m", "pipelines.cli", *words]).replace("%", "%%")
    calendars = "\n".join(f"OnCalendar={one}" for one in on_calendar(schedule))
    return f"""# ~/.config/systemd/user/{name}.service
[Unit]
Description=Graft: one look at what {name.removeprefix("graft-watch-")} sees

[Service]
Type=oneshot
WorkingDirectory={folder}
ExecStart={command}
# GRAFT_WEBHOOK_URL and the like, readable by you alone
EnvironmentFile=-%h/.config/graft/environment
Nice=10

# ~/.config/systemd/user/{name}.timer
[Unit]
Description=Graft: when to look

[Timer]
{calendars}
# what was missed while the machine was off is not made up for
Persistent=false

[Install]
WantedBy=timers.target
"""


def on_calendar(schedule: ScheduleConfig) -> tuple[str, ...]:
    """Return the times as systemd writes them; two lines where either of two days may fit."""
    cron = parse(schedule.cron)
    hours, minutes = _listed(cron.hours, 24), _listed(cron.minutes, 60)
    months, days = _listed(cron.months, 12), _listed(cron.days, 31)
    weekdays = ",".join(name for day, name in enumerate(_WEEKDAYS) if day in cron.weekdays)
    time = f"{hours}:{minutes}:00 {schedule.time_zone}"
    if len(cron.weekdays) == len(_WEEKDAYS):
        return (f"*-{months}-{days} {time}",)
    if cron.day_and:
        return (f"{weekdays} *-{months}-{days} {time}",)
    return (f"*-{months}-{days} {time}", f"{weekdays} *-{months}-* {time}")


def _listed(numbers: set[int], every: int) -> str:
    return "*" if len(numbers) == every else ",".join(f"{one:02d}" for one in sorted(numbers))
