"""The finished parts of one model's log: small ones are merged, those too old or too much go."""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from components.common import files
from components.common.artifacts.monitoring.log_reading import (
    day_of,
    midnight_unix_s,
    read_part,
    tidied,
)
from components.common.artifacts.monitoring.prediction_log import DAY_S, JOURNAL, PART_SUFFIX
from components.common.errors import GraftError

# Of a merged part; merging into one took 200 MiB of memory.
MOST_BYTES = 32 << 20
# Merged at once, since no record is written meanwhile.
_MOST_PARTS = 32
# The last journals of a day become parts some time after it is over.
_SETTLED_S = 2 * 3600.0


class Parts:
    """The parts of one model, whose folder is `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._damaged: set[Path] = set()

    def merge_some(self) -> int:
        """Merge some neighbouring parts of a day that is over; return how many became one.

        Called again and again it merges everything; a call takes about a second, in which no
        record is written. The merged part is whole on the disk before the first of the others
        goes, so a crash leaves records twice, which readers see once. Of several gateways one
        merges at a time; without file locks, none.

        Raises:
            OSError: the merged part cannot be written; nothing has changed.
        """
        with (
            contextlib.suppress(GraftError, NotImplementedError),
            files.locked(self._root / JOURNAL, holder="another gateway", timeout_s=0.0),
        ):
            for folder in sorted(self._root.glob("????-??-??")):
                for run in self._small(folder):
                    if merged := self._merge(run):
                        return merged
        return 0

    def remove_old(self, *, keep_days: float) -> int:
        """Remove the parts whose newest record is older than `keep_days`; return how many."""
        oldest = time.time() - keep_days * DAY_S
        return self._remove(path for path in self._all() if path.stat().st_mtime < oldest)

    def remove_beyond(self, size_bytes: int) -> int:
        """Remove the oldest parts until the others take at most `size_bytes`; return how many."""
        sizes = {path: path.stat().st_size for path in self._all()}
        too_much = sum(sizes.values()) - size_bytes
        oldest = []
        for path, size in sizes.items():
            if too_much <= 0:
                break
            oldest.append(path)
            too_much -= size
        return self._remove(iter(oldest))

    def _all(self) -> list[Path]:
        # By day, then by the time at which they begin.
        return sorted(self._root.glob(f"*/*{PART_SUFFIX}"))

    def _remove(self, paths: Iterator[Path]) -> int:
        count = 0
        with contextlib.suppress(FileNotFoundError):  # another gateway was quicker
            for path in paths:
                path.unlink()
                count += 1
                with contextlib.suppress(OSError):
                    path.parent.rmdir()  # only if it is empty
        return count

    def _small(self, folder: Path) -> Iterator[list[Path]]:
        """Yield runs of at least two neighbours that fit into one part, of a day that is over."""
        day = day_of(folder)
        if day is None or midnight_unix_s(day) + DAY_S + _SETTLED_S > time.time():
            return
        run, size = list[Path](), 0
        for path in sorted({*folder.glob(f"*{PART_SUFFIX}")} - self._damaged):
            more = path.stat().st_size
            if size + more > MOST_BYTES or len(run) == _MOST_PARTS:
                if len(run) > 1:
                    yield run
                run, size = [], 0
            run.append(path)
            size += more
        if len(run) > 1:
            yield run

    def _merge(self, run: list[Path]) -> int:
        tables: dict[Path, pa.Table] = {}
        for path in run:
            try:
                tables[path] = read_part(path)
            except FileNotFoundError:
                continue
            except (pa.ArrowException, OSError, KeyError):
                # It stays, for readers to report.
                self._damaged.add(path)
        if len(tables) < 2:
            return 0
        newest_s = max(path.stat().st_mtime for path in tables)
        start = min(tables).stem.partition("-")[0]
        target = run[0].with_name(f"{start}-merged.{secrets.token_hex(8)}{PART_SUFFIX}")
        with files.new_file(target) as partial:
            pq.write_table(tidied(pa.concat_tables(tables.values())), partial, compression="zstd")
            # As old as its newest record: age and windows go by that.
            os.utime(partial, (newest_s, newest_s))
        for path in tables:
            path.unlink(missing_ok=True)
        return len(tables)


def remove_leftovers(root: Path) -> None:
    """Remove what a crash left half-made a day ago."""
    for pattern in ("*/.*", f"{JOURNAL}/*.new"):
        for path in root.glob(pattern):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - DAY_S:
                    path.unlink()
