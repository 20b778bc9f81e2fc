"""Silence: the monitor cannot see, which is a finding, not "nothing has changed"."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from components.common.artifacts.monitoring.drift_report import WindowInfo
from components.common.artifacts.monitoring.log_reading import read_log
from components.common.times import utc_minute
from components.monitor.observe.windows import NOT_FINITE, REFUSED

_HOUR_S = 3600.0
_WEEK_S = 7 * 24 * _HOUR_S
_LONGEST_S = 24 * _HOUR_S  # without a record, where the log does not reach back a week
# By chance alone no record comes where ten are usual once in 20,000 times (Poisson).
_USUAL_RECORDS = 10
_LOADING_S = 600.0  # a server looks for new versions every few seconds, and loads one in minutes
_FREE_BYTES = 64 * 2**20
_CLOCK_S = _HOUR_S

Times = npt.NDArray[np.float64]
Kind = Literal["no-log", "full-volume", "no-records", "no-new-records", "version", "refused"]


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What is not seen, and what to look at."""

    kind: Kind
    sentence: str
    check: str


def find_silence(
    log: Path,
    seen: WindowInfo,
    *,
    version: int,
    published_unix_s: float,
    now_unix_s: float,
    at_most_h: float = 0.0,
) -> Silence | None:
    """Return why nothing can be seen of a version, None where something can.

    Args:
        log: of the model.
        seen: the window that was made of it.
        version: the newest.
        published_unix_s: when it was put in place.
        now_unix_s: the present.
        at_most_h: hours without a record that are usual; 0 goes by the same hours of the weeks
            before, and by a day where the log does not reach back a week.
    """
    if not log.is_dir():
        return Silence(
            kind="no-log",
            sentence=f"There is no prediction log in {log}.",
            check="Send predictions through `graft gateway`, or correct monitor.log and "
            "monitor.model_name.",
        )
    if (free := shutil.disk_usage(log).free) < _FREE_BYTES:
        return Silence(
            kind="full-volume",
            sentence=f"The volume of the prediction log in {log} is full: {free / 2**20:.0f} MiB "
            "are free, so that records are lost.",
            check="Free some space, or keep the log for a shorter time.",
        )
    since_unix_s = now_unix_s - 3 * _WEEK_S
    table = read_log(log, since_unix_s=since_unix_s, columns=("time_unix_s", "version")).table
    times, versions = (table[name].to_numpy() for name in ("time_unix_s", "version"))
    past = times <= now_unix_s + _CLOCK_S
    times, versions = times[past], versions[past]
    if not len(times):
        return Silence(
            kind="no-records",
            sentence=f"The prediction log in {log} has no record of the last three weeks.",
            check="Send predictions through `graft gateway`; look whether it runs and writes there "
            "(graft_gateway_log_newest_record_timestamp_seconds).",
        )
    newest = float(times.max())
    if _is_unusual(times, now_unix_s, at_most_h * _HOUR_S):
        hours = (now_unix_s - newest) / _HOUR_S
        return Silence(
            kind="no-new-records",
            sentence=f"No new prediction for {hours:.1f} h, since {utc_minute(newest)}, at a time "
            "when there should be some.",
            check="Look whether the line runs, the gateway is up, and requests go through it.",
        )
    since = times > published_unix_s + _LOADING_S
    own = np.isin(versions, [0, version])
    if (since & ~own).sum() >= _USUAL_RECORDS and not (since & own).any():
        others = ", ".join(str(one) for one in np.unique(versions[since & ~own]))
        return Silence(
            kind="version",
            sentence=f"Version {version} is the newest, but version {others} still answers.",
            check="Look whether the server has loaded it: its log says why not.",
        )
    useless = sum(seen.left_out.get(why, 0) for why in (REFUSED, NOT_FINITE))
    if not seen.pictures and useless:
        return Silence(
            kind="refused",
            sentence=f"None of {useless} records can be used: {_listed(seen.left_out)}.",
            check="Look at the server's log, and at what the gateway passes on.",
        )
    return None


def _is_unusual(times: Times, now_unix_s: float, at_most_s: float) -> bool:
    """Return whether the time since the newest record is longer than it should be."""
    newest = float(times.max())
    silent_s = now_unix_s - newest
    if at_most_s:
        return silent_s > at_most_s
    if silent_s > _WEEK_S:
        return True
    back = [weeks * _WEEK_S for weeks in (1, 2) if times.min() <= newest - weeks * _WEEK_S]
    if not back:
        return silent_s > _LONGEST_S
    usual = [((times > newest - ago) & (times <= now_unix_s - ago)).sum() for ago in back]
    return bool(min(usual) >= _USUAL_RECORDS)


def _listed(left_out: dict[str, int]) -> str:
    return ", ".join(f"{count} × {why}" for why, count in left_out.items())
