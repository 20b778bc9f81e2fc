"""One writer's files of one model's log: a journal that grows, and the part it becomes.

Who writes a journal holds a lock on it. The lock goes with the process, so a journal without one
belongs to a dead writer and is made a part by whoever comes by.
"""

import contextlib
import datetime as dt
import fcntl
import logging
import os
import re
import secrets
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from components.common.artifacts.monitoring.log_reading import read_journal, tidied
from components.common.artifacts.monitoring.prediction_log import (
    DAY,
    DAY_S,
    JOURNAL,
    JOURNAL_SUFFIX,
    PART_SUFFIX,
    SCHEMA,
)
from components.common.files import new_file
from serving.gateway.reading.rows import Row, to_batch

_LOG = logging.getLogger(__name__)
# Not yet locked, so nobody may see it as a journal.
_NEW_SUFFIX = ".new"
_DAMAGED_SUFFIX = ".damaged"
_START = "%Y%m%dT%H%M%S.%fZ"
# A journal is a matter of minutes, or of days where a disk refused.
_FAR_S = 7 * DAY_S


def writer_name() -> str:
    """Return a name for this process that no other writer has."""
    host = re.sub(r"[^A-Za-z0-9]", "", socket.gethostname())[:32]
    return f"{host}.{os.getpid()}.{secrets.token_hex(4)}"


@dataclass(frozen=True)
class _Open:
    path: Path
    sink: Any
    stream: Any
    lock: IO[bytes]
    opened_s: float


class Journal:
    """Appends rows; every `write` is on its way to the disk when it returns.

    Args:
        root: the model's folder.
        writer: as from `writer_name`.
        rotate_s: age at which the journal becomes a part, in seconds.
        rotate_bytes: size at which it does.
    """

    def __init__(self, root: Path, *, writer: str, rotate_s: float, rotate_bytes: int) -> None:
        self._root = root
        self._writer = writer
        self._rotate_s = rotate_s
        self._rotate_bytes = rotate_bytes
        self._open: _Open | None = None
        self._has_rows = False

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows.

        Raises:
            OSError: they are not in the log; the next call starts another journal, since this
                one may end in the middle of a batch.
        """
        batch = to_batch(rows)
        try:
            if self._open is None:
                self._open = self._start()
            self._open.stream.write_batch(batch)
            self._open.sink.flush()
        except (OSError, pa.ArrowException):
            path = self._open.path if self._open is not None and not self._has_rows else None
            self.abandon()
            if path is not None:
                # Half a batch and nothing else: the rows will stand in the next journal.
                path.unlink(missing_ok=True)
            raise
        self._has_rows = True

    def due(self) -> bool:
        """Tell whether it is time to rotate."""
        if self._open is None:
            return False
        old = time.monotonic() - self._open.opened_s >= self._rotate_s
        return old or self._open.path.stat().st_size >= self._rotate_bytes

    def rotate(self) -> None:
        """Make the journal a part; OSError leaves the journal to `recover`."""
        if self._open is None:
            return
        path, lock = self._open.path, self._open.lock
        with contextlib.suppress(OSError, pa.ArrowException):
            self._open.stream.close()
        self._open.sink.close()
        self._open = None
        with lock:
            _make_part(path, self._root)

    def abandon(self) -> None:
        """Let go of the journal as it is: `recover` makes it a part."""
        if self._open is None:
            return
        for close in (self._open.stream.close, self._open.sink.close, self._open.lock.close):
            with contextlib.suppress(OSError, pa.ArrowException):
                close()
        self._open = None

    def _start(self) -> _Open:
        folder = self._root / JOURNAL
        folder.mkdir(parents=True, exist_ok=True)
        start = dt.datetime.now(dt.UTC).strftime(_START)
        path = folder / f"{start}-{self._writer}{JOURNAL_SUFFIX}"
        if path.exists():
            # The clock went backwards to the microsecond.
            path = path.with_name(f"{start}-{self._writer}{secrets.token_hex(2)}{JOURNAL_SUFFIX}")
        new = path.with_suffix(_NEW_SUFFIX)
        with contextlib.ExitStack() as undo:
            sink = undo.enter_context(pa.OSFile(str(new), "wb"))
            for name in (new, path):
                undo.callback(name.unlink, missing_ok=True)
            lock = undo.enter_context(new.open("rb"))
            with contextlib.suppress(OSError):
                # Some network file systems have no locks; there, `recover` leaves journals alone.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stream = pa.ipc.new_stream(sink, SCHEMA)
            new.rename(path)
            undo.pop_all()
        self._has_rows = False
        return _Open(path, sink, stream, lock, time.monotonic())


def recover(root: Path) -> int:
    """Make parts of the journals whose writers are dead; return how many."""
    count = 0
    for path in sorted((root / JOURNAL).glob(f"*{JOURNAL_SUFFIX}")):
        try:
            with path.open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(lock.fileno()).st_nlink == 0:
                    continue  # another writer was quicker
                _make_part(path, root)
        except (BlockingIOError, FileNotFoundError):
            continue
        except OSError as error:
            _LOG.warning("%s stays a journal: %s", path, error)
            continue
        count += 1
    return count


def _make_part(journal: Path, root: Path) -> None:
    damaged: list[str] = []
    written_s = journal.stat().st_mtime
    table = read_journal(journal, damaged)
    if table.num_rows:
        for day, records in _by_day(tidied(table), _started_unix_s(journal)):
            part = root / day.strftime(DAY) / f"{journal.stem}{PART_SUFFIX}"
            part.parent.mkdir(parents=True, exist_ok=True)
            with new_file(part) as partial:
                pq.write_table(records, partial, compression="zstd")
                # As old as the last thing written, however long its writer has been dead.
                os.utime(partial, (written_s, written_s))
    elif damaged:
        # Not a word of it can be read: kept for a person to look at.
        journal.rename(journal.with_suffix(_DAMAGED_SUFFIX))
        return
    journal.unlink()


def _by_day(table: pa.Table, started_unix_s: float) -> Iterator[tuple[dt.date, pa.Table]]:
    """Split records by the day of their time; impossible times go where the journal began."""
    times = table["time_unix_s"].to_numpy()
    possible = np.abs(times - started_unix_s) < _FAR_S
    days = np.floor(np.where(possible, times, started_unix_s) / DAY_S)
    for day in np.unique(days):
        yield dt.datetime.fromtimestamp(day * DAY_S, dt.UTC).date(), table.filter(days == day)


def _started_unix_s(journal: Path) -> float:
    try:
        start = dt.datetime.strptime(journal.stem.partition("-")[0], _START)
    except ValueError:
        return journal.stat().st_mtime
    return start.replace(tzinfo=dt.UTC).timestamp()
