"""Run the monitor once, or at the times of a cron expression: `graft monitor` and `watch`."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from components.common.errors import GraftError
from components.common.files import locked
from pipelines.config import TrainingRun
from pipelines.console.monitoring_summary import print_look
from pipelines.local.launch import Launch, execute, query_and_summarise
from pipelines.schedule.config import ScheduleConfig
from pipelines.schedule.cron import next_after

LOG = logging.getLogger(__name__)

# The clock may be set, or the machine sleep, while we do.
_NAP_S = 30.0


def look_once(
    launch: Launch, settings: TrainingRun, plain: dict[str, Any], console: Console
) -> None:
    """Run the monitoring pipeline and print its end; arguments as `execute`.

    Raises:
        GraftError: a step failed; the exit step has notified people as well.
    """
    started = time.monotonic()
    finished = execute(launch, settings, plain, console=console)
    print_look(console, finished)
    if finished.last.record("gate") is not None:
        query_and_summarise(console, launch, settings, finished, query=False, started_s=started)


def keep_looking(
    schedule: ScheduleConfig,
    look: Callable[[], object],
    *,
    console: Console,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    looks: int | None = None,
) -> None:
    """Look at the times of the schedule, one look at a time, for ever.

    A look that fails is printed and the next one comes as planned. Times that pass while a look
    is under way are left out.
    """
    zone = ZoneInfo(schedule.time_zone)
    while looks is None or looks > 0:
        due = next_after(schedule.cron, datetime.fromtimestamp(now(), UTC), zone)
        console.print(f"next look at {due.astimezone(zone):%Y-%m-%d %H:%M %Z}", style="dim")
        while (left_s := due.timestamp() - now()) > 0:
            sleep(min(left_s, _NAP_S))
        try:
            look()
        except Exception as error:
            # The watch survives any error: the next look may find the disk free again.
            known = isinstance(error, GraftError)
            console.print(f"the look failed: {error}", style="red", markup=False)
            LOG.log(logging.INFO if known else logging.ERROR, "a look failed", exc_info=not known)
        looks = None if looks is None else looks - 1


@contextlib.contextmanager
def alone(runs_dir: Path, model_name: str) -> Iterator[None]:
    """Hold the right to watch a model from this machine's runs folder.

    Raises:
        GraftError: another watch holds it.
    """
    with locked(runs_dir / f"watch-{model_name}", holder="another watch", timeout_s=0):
        yield
