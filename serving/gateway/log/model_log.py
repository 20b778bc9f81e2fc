"""Everything that is written of one model: rows and pictures."""

import logging
import time
from collections import Counter
from pathlib import Path

import pyarrow as pa

from components.common.artifacts.monitoring.prediction_log import DAY_S, PICTURES
from serving.gateway.log.journal import Journal, recover
from serving.gateway.log.parts import Parts, remove_leftovers
from serving.gateway.log.picture_sample import Reservoir
from serving.gateway.reading.records import Record
from serving.gateway.reading.rows import Row
from serving.gateway.settings import MIB, LogSettings

_LOG = logging.getLogger(__name__)
# What is held in memory while the disk refuses: some minutes at a usual rate.
_MOST_ROWS = 20_000
_WARN_EVERY_S = 30.0
_TRY_AGAIN_S = 2.0


class ModelLog:
    """One model's log. A disk that refuses is counted and tried again, never raised.

    Args:
        root: the model's folder.
        writer: this process, as from `writer_name`.
        settings: what is kept.
        counts: `rows`, `rows_dropped`, `write_failures`, `parts_beyond_size` and `pictures` are
            counted there.
    """

    def __init__(
        self, root: Path, *, writer: str, settings: LogSettings, counts: Counter[str]
    ) -> None:
        self._root = root
        self._settings = settings
        self._counts = counts
        self._waiting: list[Row] = []
        self._warned_s = -_WARN_EVERY_S
        self._next_try_s = 0.0
        self._journal = Journal(
            root,
            writer=writer,
            rotate_s=settings.rotate_s,
            rotate_bytes=settings.rotate_mib * MIB,
        )
        self._reservoir = Reservoir(
            root / PICTURES,
            count=settings.pictures,
            size_bytes=settings.pictures_mib * MIB,
            keep_s=settings.keep_pictures_days * DAY_S,
        )
        self._parts = Parts(root)
        recover(root)

    def add(self, record: Record) -> None:
        """Take a record; its picture may join the sample at once."""
        self.add_row(record.row)
        if not record.suffix:
            return
        try:
            kept = self._reservoir.offer(
                record.picture, sha256=record.row.picture_sha256, suffix=record.suffix
            )
            self._counts["pictures"] += kept
        except OSError as error:
            self._failed("a picture", error)

    def add_row(self, row: Row) -> None:
        """Take a row alone, with an embedding that came later."""
        self._waiting.append(row)
        if len(self._waiting) > _MOST_ROWS:
            del self._waiting[0]
            self._counts["rows_dropped"] += 1

    def flush(self) -> None:
        """Write what waits, and rotate when it is time."""
        if time.monotonic() < self._next_try_s:
            return
        try:
            if self._waiting:
                self._journal.write(self._waiting)
                self._counts["rows"] += len(self._waiting)
                self._waiting = []
            if self._journal.due():
                self._journal.rotate()
        except (OSError, pa.ArrowException) as error:
            self._failed(f"{len(self._waiting)} rows", error)
            self._next_try_s = time.monotonic() + _TRY_AGAIN_S

    def tidy(self) -> None:
        """Remove what is too old or too much, merge small parts; finish what dead writers left."""
        try:
            recover(self._root)
            remove_leftovers(self._root)
            self._parts.remove_old(keep_days=self._settings.keep_days)
            removed = self._parts.remove_beyond(self._settings.keep_mib * MIB)
            self._counts["parts_beyond_size"] += removed
            self._parts.merge_some()
            self._reservoir.tidy()
        except (OSError, pa.ArrowException) as error:
            self._failed("old files", error)

    def close(self) -> None:
        """Write what waits and make the journal a part."""
        self._next_try_s = 0.0
        self.flush()
        try:
            self._journal.rotate()
        except (OSError, pa.ArrowException) as error:
            self._failed("the last part", error)

    def _failed(self, what: str, error: Exception) -> None:
        self._counts["write_failures"] += 1
        if time.monotonic() - self._warned_s >= _WARN_EVERY_S:
            self._warned_s = time.monotonic()
            _LOG.warning("the log in %s does not take %s: %s", self._root, what, error)
