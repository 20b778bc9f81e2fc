"""The files of the activation cache: numbers, and whose pictures they are, in one file an entry.

An entry is an .npy array [rows, ...] with one digest a row behind it. NumPy does not look past the
array, and one rename publishes both. Entries of one family (same network, layer, flip) may lend
each other rows. Deleting a file never harms a run that has it mapped.
"""

import contextlib
import hashlib
import logging
import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.errors import GraftError
from components.common.files import reserve
from components.networks.rows import DIGEST_BYTES

LOG = logging.getLogger(__name__)

# Part of every file name: raise it when the meaning of an entry changes.
VERSION = "v2"
_STALE_PARTIAL_S = 6 * 3600.0

Activations = npt.NDArray[Any]


@dataclass(frozen=True)
class EntryName:
    """What an entry holds: of which family, of which pictures, in this order."""

    family: str
    digests: tuple[bytes, ...]

    @property
    def file(self) -> str:
        """The name below the cache folder."""
        rows = hashlib.sha256(b"".join(self.digests)).hexdigest()
        return f"{VERSION}-{self.family}-{rows[:32]}.npy"


@dataclass(frozen=True)
class StoredRows:
    """An entry on disk, mapped: values [rows, ...] and the digest of each row."""

    path: Path
    values: Activations
    digests: tuple[bytes, ...]

    def touch(self) -> None:
        """Note that it was of use, so that it is evicted later."""
        with contextlib.suppress(OSError):
            os.utime(self.path)


@dataclass(frozen=True)
class Draft:
    """An entry in the making; `values` is writable and seen by nobody else until published."""

    name: EntryName
    values: Activations
    partial: Path

    def publish(self) -> Activations:
        """Put the entry into its place and return its values, memory-mapped, read-only."""
        with self.partial.open("ab") as file:
            file.write(b"".join(self.name.digests))
            file.flush()
            os.fsync(file.fileno())
        # Mapped before it can be seen: another run's eviction cannot come between.
        mapped: Activations = np.load(self.partial, mmap_mode="r")
        self.partial.replace(self.partial.with_name(self.name.file))
        return mapped


@dataclass(frozen=True)
class ActivationStore:
    """Entries below a folder, the least recently used dropped beyond `limit_bytes`."""

    root: Path
    limit_bytes: int

    def find(self, name: EntryName) -> Activations | None:
        """Return the values of an entry, or None when there is none or it is damaged."""
        entry = _open(self.root / name.file)
        if entry is None:
            return None
        entry.touch()
        return entry.values

    def relatives(self, family: str) -> Iterator[StoredRows]:
        """Yield the family's entries, the last used first."""
        for path, _ in _files(self.root, f"{VERSION}-{family}-*.npy"):
            if (entry := _open(path)) is not None:
                yield entry

    @contextlib.contextmanager
    def draft(self, name: EntryName, *, row_shape: tuple[int, ...], dtype: Any) -> Iterator[Draft]:
        """Give an entry to be filled; what is not published within the block is gone after it.

        Raises:
            GraftError: the disk has no room for it.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        partial = self.root / f".partial-{uuid.uuid4().hex}.npy"
        shape = (len(name.digests), *row_shape)
        try:
            values = np.lib.format.open_memmap(partial, mode="w+", dtype=dtype, shape=shape)
            _claim(partial)
            yield Draft(name, values, partial)
        finally:
            partial.unlink(missing_ok=True)

    def evict(self, *, keep: Iterable[EntryName]) -> None:
        """Drop leftovers of killed runs, other versions' entries, and the least recently used."""
        kept = {name.file for name in keep}
        now = time.time()
        for partial, status in _files(self.root, ".partial-*"):
            if now - status.st_mtime > _STALE_PARTIAL_S:
                _drop(partial, "left by a run that was killed")
        total = in_use = 0
        for path, status in _files(self.root, "[!.]*.npy"):
            if not path.name.startswith(f"{VERSION}-"):
                _drop(path, "written by another version")
                continue
            total += status.st_size
            in_use += status.st_size * (path.name in kept)
            if total > self.limit_bytes and path.name not in kept:
                _drop(path, f"beyond {self.limit_bytes / 1e9:g} GB")
        if in_use > self.limit_bytes:
            LOG.warning(
                "%.1f GB of activations are in use at once, more than train.cache_gb",
                in_use / 1e9,
            )


def _files(root: Path, pattern: str) -> list[tuple[Path, os.stat_result]]:
    """Return files with their status, the last used first."""
    found = []
    for path in root.glob(pattern):
        with contextlib.suppress(FileNotFoundError):
            found.append((path, path.stat()))
    return sorted(found, key=lambda file: file[1].st_mtime, reverse=True)


def _drop(path: Path, reason: str) -> None:
    LOG.info("activation cache: %s dropped, %s", path.name, reason)
    path.unlink(missing_ok=True)


def _claim(path: Path) -> None:
    try:
        reserve(path)
    except OSError as error:
        raise GraftError(
            f"room for {path.stat().st_size / 1e6:.0f} MB in the activation cache",
            received=f"{error.strerror} in {path.parent}",
            do="free some space, or set train.cache_gb lower and run again",
        ) from None


def _open(path: Path) -> StoredRows | None:
    """Map an entry, or None when there is none or it is damaged; a damaged one is deleted."""
    try:
        values = np.load(path, mmap_mode="r")
        end = values.offset + values.nbytes
        with path.open("rb") as file:
            file.seek(end)
            stored = file.read()
    except FileNotFoundError:
        return None
    except (ValueError, OSError, EOFError, AttributeError) as error:
        _drop(path, f"damaged ({error})")
        return None
    if len(stored) != len(values) * DIGEST_BYTES:
        _drop(path, "damaged (its digests are not whole)")
        return None
    digests = (stored[i : i + DIGEST_BYTES] for i in range(0, len(stored), DIGEST_BYTES))
    return StoredRows(path, values, tuple(digests))
