"""Windows: what production sent, from the prediction log.

What cannot be used is left out and counted by reason; nothing here raises for a single record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.monitoring.drift_report import WindowInfo
from components.common.artifacts.monitoring.log_reading import newest_record_unix_s, read_log
from components.common.artifacts.monitoring.observations import Observations, from_table
from components.common.artifacts.monitoring.prediction_log import LATER_COLUMNS, STATISTIC_COLUMNS
from components.common.statistics.operating_point import ASK
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
BEYOND = "beyond the sample"
# More tells a look nothing new; embeddings of all of them would take gigabytes.
_MOST_PICTURES = 20_000
_GOOD_STATUS = (0, 200)
_COLUMNS = (
    "version",
    "status",
    "scores",
    "embedding",
    "decision",
    "group",
    "line",
    "camera",
    *STATISTIC_COLUMNS,
)
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
            asked=int((observations.decisions == ASK).sum()),
        )
        return cls(observations, info, **others)


def from_log(
    root: Path,
    *,
    version: int,
    classes: tuple[str, ...],
    now_unix_s: float,
    since_unix_s: float = 0.0,
    labels: Labels | None = None,
) -> Window:
    """Read a window from one model's prediction log.

    A missing or empty log is an empty window. Left out and counted: records of another version,
    refused requests, records with a number that is not finite, a picture that was asked about
    again (same bytes, request and row differing: the newest stays), records from the future, files
    that are damaged. Of more than 20,000 pictures a random choice is read, and the rest counted.

    Args:
        root: as from `prediction_log.model_log`.
        version: of the served model; records of unknown version (0) count as its own.
        classes: in the order of its scores.
        now_unix_s: records from later than an hour after it have a wrong clock.
        since_unix_s: earlier ones are left out; 0 reads from the first.
        labels: of an audit; records that it has get theirs.
    """
    log = read_log(root, since_unix_s=since_unix_s, columns=_COLUMNS, most_pictures=_MOST_PICTURES)
    table = log.table
    left_out: dict[str, int] = {}
    usable: dict[str, Callable[[pa.Table], Any]] = {
        OTHER_VERSION: lambda of: pc.is_in(of["version"], pa.array([0, version])),
        REFUSED: lambda of: pc.is_in(of["status"], pa.array(_GOOD_STATUS, pa.int32())),
        CLOCK: lambda of: pc.less_equal(of["time_unix_s"], now_unix_s + _AHEAD_S),
        SCORES_MISFIT: lambda of: _fits(of["scores"], len(classes)),
        NOT_FINITE: _finite,
        DUPLICATE: _newest_of_a_picture,
    }
    # Each record is counted for the first reason only.
    for reason, is_usable in usable.items():
        rest = table.filter(is_usable(table))
        if len(rest) < len(table):
            left_out[reason] = len(table) - len(rest)
        table = rest
    if log.damaged:
        left_out[DAMAGED] = len(log.damaged)
    notes = [f"{path} is damaged; what could be read of it was." for path in log.damaged]
    if log.beyond:
        left_out[BEYOND] = log.beyond
        notes.append(f"Looked at {_MOST_PICTURES} pictures, drawn at random from the window's.")
    if not len(table):
        notes.append(_why_empty(root, log.table, version))
    elif OTHER_VERSION in left_out:
        notes.append(f"{left_out[OTHER_VERSION]} predictions of other versions are left out.")
    if labels is not None:
        table = labels.join(table)
        found = pc.sum(pc.not_equal(table["label"], "")).as_py() or 0
        notes.append(f"{found} of {len(labels.by_record)} audited records are of this window.")
    observations = from_table(table, classes=classes)
    return Window.of(observations, source=str(root), left_out=left_out, notes=tuple(notes))


def _why_empty(root: Path, logged: pa.Table, version: int) -> str:
    others = set(pc.unique(logged["version"]).to_pylist()) - {0, version}
    if others:
        named = ", ".join(str(one) for one in sorted(others))
        return (
            f"The window holds predictions of version {named} only, but version {version} "
            "is the newest here; look whether the server has loaded it."
        )
    if len(logged):
        return f"The window holds no usable prediction of version {version}."
    newest_unix_s = newest_record_unix_s(root)
    if newest_unix_s is None:
        return "The window is empty."  # the log as well, which is a finding: see `silence`
    newest = utc_minute(newest_unix_s)
    return f"The window is empty; the newest record is from {newest}."


def _fits(scores: pa.ChunkedArray, classes: int) -> pa.ChunkedArray:
    return pc.fill_null(pc.equal(pc.list_value_length(scores), classes), True)


def _newest_of_a_picture(table: pa.Table) -> npt.NDArray[np.bool_]:
    pictures = table["picture_sha256"].to_pandas().fillna("")
    known = pictures.ne("").to_numpy()
    return np.asarray(~(known & pictures.duplicated(keep="last").to_numpy()))


def _finite(table: pa.Table) -> npt.NDArray[np.bool_]:
    """bool [N]: nothing that a record holds is NaN or infinite; what is absent does no harm."""
    # An undecodable picture has no statistics at all, which is an answer; a part of them is not,
    # unless the record is older than the rest.
    every, none = np.ones(len(table), np.bool_), np.ones(len(table), np.bool_)
    for name in STATISTIC_COLUMNS:
        values = table[name].to_numpy()
        if name in LATER_COLUMNS:
            every &= ~np.isinf(values)
            none &= ~np.isinf(values)
        else:
            every &= np.isfinite(values)
            none &= np.isnan(values)
    good = every | none
    for name in ("scores", "embedding"):
        column = table[name].combine_chunks()
        values = column.flatten().to_numpy(zero_copy_only=False)
        rows = pc.list_parent_indices(column).to_numpy()
        good[rows[~np.isfinite(values)]] = False
    return np.asarray(good)
