"""Windows: what production sent, from the prediction log.

What cannot be used is left out and counted by reason; nothing here raises for a single record.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.monitoring.drift_report import WindowInfo
from components.common.artifacts.monitoring.observations import Observations, from_table
from components.common.artifacts.monitoring.prediction_log import (
    LATER_COLUMNS,
    STATISTIC_COLUMNS,
    read_log,
)
from components.common.times import utc_minute
from components.monitor.audit_labels import Labels

OTHER_VERSION = "other version"
REFUSED = "refused request"
NOT_FINITE = "not finite"
SCORES_MISFIT = "other number of classes"
DUPLICATE = "duplicate"
CLOCK = "clock ahead"
UNREADABLE = "unreadable"
DAMAGED = "damaged files"
_GOOD_STATUS = (0, 200)
# Clocks of several gateways differ a little; a record from tomorrow is a clock gone wrong.
_AHEAD_S = 3600.0


@dataclass(frozen=True)
class Window:
    """Observations, and what was looked at and left out to get them.

    notes: sentences for people: damaged files, and why there is nothing if there is nothing.
    places: of pictures from a folder, where in it each digest lies.
    """

    observations: Observations
    info: WindowInfo
    notes: tuple[str, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, observations: Observations, *, source: str, left_out: dict[str, int], **others: Any
    ) -> "Window":
        """Return a window with what there is to say of it."""
        times = observations.times_unix_s
        info = WindowInfo(
            source=source,
            pictures=len(observations),
            embeddings=int(observations.whole("features").sum()),
            groups=len(np.unique(observations.groups[observations.groups != ""].astype(str))),
            first_unix_s=float(times.min()) if len(times) else 0.0,
            last_unix_s=float(times.max()) if len(times) else 0.0,
            left_out=left_out,
        )
        return cls(observations, info, **others)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which records of a log make up a window.

    version: of the served model; records of unknown version (0) count as its own.
    since_unix_s: earlier ones are left out; 0 reads from the first.
    now_unix_s: records from later than an hour after it have a wrong clock; 0 is the present.
    labels: of an audit; records that it has get theirs.
    """

    version: int
    classes: tuple[str, ...]
    since_unix_s: float = 0.0
    now_unix_s: float = 0.0
    labels: Labels | None = None


def from_log(root: Path, wanted: Wanted) -> Window:
    """Read a window from one model's prediction log.

    A missing or empty log is an empty window. Left out and counted: records of another version,
    refused requests, records with a number that is not finite, a picture that was asked about
    again (same bytes, request and row differing: the newest stays), records from the future, files
    that are damaged.

    Args:
        root: as from `prediction_log.model_log`.
        wanted: which records.
    """
    log = read_log(root, since_unix_s=wanted.since_unix_s)
    sieve = _Sieve.over(log.table)
    frame = sieve.frame
    now = wanted.now_unix_s or time.time()
    sieve.keep(frame["version"].isin([0, wanted.version]), OTHER_VERSION)
    sieve.keep(frame["status"].isin(_GOOD_STATUS), REFUSED)
    sieve.keep(np.isfinite(frame["time_unix_s"]) & frame["time_unix_s"].le(now + _AHEAD_S), CLOCK)
    sieve.keep(
        frame["scores"].map(lambda s: s is None or len(s) == len(wanted.classes)), SCORES_MISFIT
    )
    sieve.keep(_finite(frame), NOT_FINITE)
    known = frame["picture_sha256"].fillna("").ne("")
    repeated = frame[sieve.mask & known].duplicated("picture_sha256", keep="last")
    sieve.keep(~frame.index.isin(repeated.index[repeated]), DUPLICATE)
    rows = np.flatnonzero(sieve.mask)
    if log.damaged:
        sieve.left_out[DAMAGED] = len(log.damaged)
    table = log.table.take(pa.array(rows))
    notes = [f"{path} is damaged; what could be read of it was." for path in log.damaged]
    if not len(rows):
        notes.append(_why_empty(root, frame, wanted))
    elif OTHER_VERSION in sieve.left_out:
        count = sieve.left_out[OTHER_VERSION]
        notes.append(f"{count} predictions of other versions are left out.")
    if wanted.labels is not None:
        table = wanted.labels.join(table)
        found = pc.sum(pc.not_equal(table["label"], "")).as_py() or 0
        notes.append(
            f"{found} of {len(wanted.labels.by_record)} audited records are of this window."
        )
    observations = from_table(table, classes=wanted.classes)
    return Window.of(observations, source=str(root), left_out=sieve.left_out, notes=tuple(notes))


def _why_empty(root: Path, frame: pd.DataFrame, wanted: Wanted) -> str:
    others = set(frame["version"].tolist()) - {0, wanted.version}
    if others:
        named = ", ".join(str(one) for one in sorted(others))
        return (
            f"The window holds predictions of version {named} only, but version {wanted.version} "
            "is the newest here; look whether the server has loaded it."
        )
    if len(frame):
        return f"The window holds no usable prediction of version {wanted.version}."
    times = read_log(root).table["time_unix_s"].to_numpy()
    if not len(times):
        return (
            f"The prediction log in {root} is empty; send predictions through `graft gateway`, or "
            "correct monitor.log."
        )
    newest = utc_minute(float(np.nanmax(times)))
    return f"The window is empty; the newest record is from {newest}."


@dataclass
class _Sieve:
    frame: pd.DataFrame
    mask: npt.NDArray[np.bool_]
    left_out: dict[str, int]

    @classmethod
    def over(cls, table: pa.Table) -> "_Sieve":
        return cls(table.to_pandas(), np.ones(table.num_rows, dtype=np.bool_), {})

    def keep(self, good: Any, reason: str) -> None:
        """Leave out what is not good; each record is counted for the first reason only."""
        good = np.asarray(good, dtype=np.bool_)
        lost = int((self.mask & ~good).sum())
        if lost:
            self.left_out[reason] = lost
        self.mask = self.mask & good


def _finite(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """bool [N]: nothing that a record holds is NaN or infinite; what is absent does no harm."""
    # An undecodable picture has no statistics at all, which is an answer; a part of them is not,
    # unless the record is older than the rest.
    whole = [name for name in STATISTIC_COLUMNS if name not in LATER_COLUMNS]
    statistics = frame[whole].to_numpy(dtype=np.float32)
    good = np.isfinite(statistics).all(axis=1) | np.isnan(statistics).all(axis=1)
    good &= ~np.isinf(frame[list(LATER_COLUMNS)].to_numpy(dtype=np.float32)).any(axis=1)
    for name in ("scores", "embedding"):
        good &= np.array([v is None or bool(np.isfinite(v).all()) for v in frame[name]], np.bool_)
    return np.asarray(good, dtype=np.bool_)
