"""Read the prediction log: the parts of the days asked for, while a gateway is writing."""

import contextlib
import datetime as dt
import itertools
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from components.common.artifacts.monitoring.prediction_log import (
    DAY,
    DAY_S,
    JOURNAL,
    JOURNAL_SUFFIX,
    LATER_COLUMNS,
    PART_SUFFIX,
    PICTURES,
    SCHEMA,
)

LOG = logging.getLogger(__name__)

# A client may use one request id for several pictures.
_SHA = "picture_sha256"
_SAME = ["request_id", "row", _SHA]
_IDENTITY = {"time_unix_s", *_SAME}
# In old logs, records that waited for a disk over midnight lie in the day that began; and clocks of
# gateways and file servers differ.
_BEFORE_S = 3600.0


@dataclass(frozen=True)
class LogRead:
    """What a log holds.

    table: SCHEMA, or the columns asked for, ordered by time; a record that stands twice (same
        request, row and picture) stands once, with its embedding if one of them has it.
    damaged: the files that could not be read, or only in part.
    beyond: how many records were left out since they are of more pictures than asked for.
    """

    table: pa.Table
    damaged: tuple[str, ...]
    beyond: int = 0


def read_log(
    root: Path,
    *,
    since_unix_s: float = 0.0,
    until_unix_s: float = 0.0,
    columns: Sequence[str] = tuple(SCHEMA.names),
    most_pictures: int = 0,
) -> LogRead:
    """Read one model's log; safe while a gateway is writing.

    Opened are the journals and the parts of the days asked for.

    Args:
        root: as from `model_log`. A folder that is not there is an empty log.
        since_unix_s: leave out earlier records.
        until_unix_s: leave out records from then on; 0 reads to the end.
        columns: of SCHEMA; those that identify a record come in any case.
        most_pictures: of more, those with the smallest SHA-256 are kept, which is a random choice
            and the one of the gateway's sample of pictures; memory is then bounded. 0 keeps all.

    Returns:
        The records, and the files that were damaged. Damage never raises.
    """
    schema = pa.schema([one for one in SCHEMA if one.name in {*columns, *_IDENTITY}])
    files = _LogFiles(schema, since_unix_s, until_unix_s, most_pictures)
    # Journals first, and parts looked for only after they were read: a journal that becomes a
    # part meanwhile is then met again, not missed.
    waiting = [files.journals(root)]
    done: list[pa.Table] = []
    for folder in _part_folders(root):
        waiting.append(files.parts(folder))
        day = day_of(folder)
        if day is not None:
            # Day by day: an ordered copy of everything at once would take twice the memory.
            table = pa.concat_tables(waiting)
            later = pc.greater_equal(table["time_unix_s"], midnight_unix_s(day) + DAY_S)
            done.append(tidied(table.filter(pc.invert(later))))
            done, waiting = files.sampled(done), [table.filter(later)]
    done.append(tidied(pa.concat_tables(waiting)))
    whole = pa.concat_tables(done)
    ends = [pc.min_max(table["time_unix_s"]).as_py() for table in done if table.num_rows]
    if any(after["min"] <= before["max"] for before, after in itertools.pairwise(ends)):
        whole = tidied(whole)  # a folder holds records of a day before its own
    (whole,) = files.sampled([whole])
    return LogRead(whole, tuple(files.damaged), files.beyond)


def last_version(table: pa.Table) -> int:
    """Return the version that answered last, 0 where none of the records, by time, knows."""
    return next((one for one in reversed(table["version"].to_pylist()) if one), 0)


def newest_record_unix_s(root: Path) -> float | None:
    """Return the time of the newest record, None for an empty log; opens the last day's parts."""
    files = _LogFiles(pa.schema([SCHEMA.field("time_unix_s")]), 0.0, 0.0)
    folders = reversed(_part_folders(root))
    tables = itertools.chain([files.journals(root)], map(files.parts, folders))
    newest = (pc.max(table["time_unix_s"]).as_py() for table in tables if table.num_rows)
    return next(newest, None)


def midnight_unix_s(day: dt.date) -> float:
    """Return when a day begins."""
    return dt.datetime.combine(day, dt.time(), dt.UTC).timestamp()


def day_of(folder: Path) -> dt.date | None:
    """Return the day whose records a folder holds, None where its name is no day."""
    try:
        return dt.datetime.strptime(folder.name, DAY).date()
    except ValueError:
        return None


def _part_folders(root: Path) -> list[Path]:
    others = {JOURNAL, PICTURES}
    return sorted(path for path in root.glob("*") if path.is_dir() and path.name not in others)


@dataclass
class _LogFiles:
    schema: pa.Schema
    since_unix_s: float
    until_unix_s: float
    most_pictures: int = 0
    damaged: list[str] = field(default_factory=list)
    beyond: int = 0
    below: str = ""  # the SHA-256 from which on pictures are left out; "" keeps all

    def sampled(self, tables: list[pa.Table]) -> list[pa.Table]:
        """Return the records of the pictures that are kept; those without a picture stay."""
        kept = [self._below(table) for table in tables]
        if not self.most_pictures or sum(map(len, kept)) <= self.most_pictures:
            return kept
        column = pa.chunked_array([one for table in kept for one in table[_SHA].chunks])
        pictures = sorted(pc.unique(column.drop_null()).to_pylist())
        if len(pictures) > self.most_pictures:
            self.below = pictures[self.most_pictures]
        return [self._below(table) for table in kept]

    def _below(self, table: pa.Table) -> pa.Table:
        if not self.below:
            return table
        kept = table.filter(pc.fill_null(pc.less(table[_SHA], self.below), True))
        self.beyond += len(table) - len(kept)
        return kept

    def journals(self, root: Path) -> pa.Table:
        paths = sorted((root / JOURNAL).glob(f"*{JOURNAL_SUFFIX}"))
        # One that is gone was just made a part, which is read as well.
        tables = [self._file(path, lambda path: read_journal(path, self.damaged)) for path in paths]
        whole = self._whole([table for table in tables if table is not None])
        return whole.filter(self._in_time)

    @property
    def _in_time(self) -> pc.Expression:
        time = pc.field("time_unix_s")
        late_enough = time >= self.since_unix_s
        return late_enough & (time < self.until_unix_s) if self.until_unix_s else late_enough

    def parts(self, folder: Path) -> pa.Table:
        """Read the parts of a folder that may hold records of the time."""
        day = day_of(folder)
        begin_unix_s = midnight_unix_s(day) if day is not None else 0.0
        if 0.0 < self.until_unix_s <= begin_unix_s - _BEFORE_S:
            return self._whole([])
        over = day is not None and begin_unix_s + DAY_S <= self.since_unix_s
        tables: list[pa.Table] = []
        for path in sorted(folder.glob(f"*{PART_SUFFIX}")):
            with contextlib.suppress(FileNotFoundError):
                # No part holds a record from after it was written, clocks aside.
                if over and path.stat().st_mtime < self.since_unix_s - _BEFORE_S:
                    continue
            table = self._file(path, lambda path: read_part(path, self.schema.names, self._in_time))
            if table is None:
                # It was merged meanwhile, or was too old: look again for what there is now.
                return self.parts(folder)
            tables.append(self._below(table))
            # Not for each part: choosing looks at all that is held.
            if 0 < 2 * self.most_pictures < sum(map(len, tables)):
                tables = self.sampled(tables)
        return self._whole(tables)

    def _file(self, path: Path, read: Callable[[Path], pa.Table]) -> pa.Table | None:
        try:
            return _completed(read(path), self.schema)
        except (pa.ArrowException, OSError, KeyError) as error:
            # A link whose file is gone is still there, and will be at the next look.
            if isinstance(error, FileNotFoundError) and not path.is_symlink():
                return None
            LOG.warning("%s cannot be read and is left out: %s", path, error)
            if str(path) not in self.damaged:
                self.damaged.append(str(path))
            return self._whole([])

    def _whole(self, tables: list[pa.Table]) -> pa.Table:
        return pa.concat_tables([self.schema.empty_table(), *tables])


def read_part(
    path: Path,
    columns: Sequence[str] = tuple(SCHEMA.names),
    during: pc.Expression | None = None,
) -> pa.Table:
    """Read a part: some columns, and the records that an expression holds for.

    Raises:
        pa.ArrowException, OSError: it cannot be read.
        KeyError: it is no part of a log.
    """
    present = pq.read_schema(path).names
    missing = {*SCHEMA.names} - {*present, *LATER_COLUMNS}
    if missing:
        raise KeyError(f"no column {', '.join(sorted(missing))}")
    names = [name for name in columns if name in present]
    table = pq.read_table(path, columns=names, filters=during, partitioning=None)
    return _completed(table, pa.schema([SCHEMA.field(name) for name in columns]))


def _completed(table: pa.Table, schema: pa.Schema = SCHEMA) -> pa.Table:
    for name in LATER_COLUMNS:
        if name in schema.names and name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), pa.float32()))
    return table.select(schema.names).cast(schema)


def read_journal(path: Path, damaged: list[str]) -> pa.Table:
    """Read the whole batches of a journal; one that ends within a batch is added to `damaged`."""
    batches = []
    with pa.OSFile(str(path)) as stream:
        try:
            for batch in pa.ipc.open_stream(stream) if stream.size() else ():
                batches.append(batch)
        except (pa.ArrowException, OSError, EOFError) as error:
            LOG.warning("%s ends in the middle of a batch: %s", path, error)
            damaged.append(str(path))
    return _completed(pa.Table.from_batches(batches)) if batches else SCHEMA.empty_table()


def tidied(table: pa.Table) -> pa.Table:
    """Return the records once each, ordered by time; see `LogRead`."""
    frame = table.select(["time_unix_s", *_SAME]).to_pandas()
    # The embedding comes later than the answer, in a second copy of the record.
    has = "embedding" in table.column_names
    frame["bare"] = table["embedding"].is_null().to_numpy() if has else False
    once = frame.sort_values("bare", kind="stable").drop_duplicates(_SAME)
    order = once.sort_values(["time_unix_s", "row"]).index.to_numpy()
    return table.take(pa.array(order, type=pa.int64()))
