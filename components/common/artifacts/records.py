"""Small helpers that every artifact shares: JSON records, checksums, copies."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from components.common import config, files
from components.common.errors import ConfigError, DataError

LOG = logging.getLogger(__name__)

T = TypeVar("T")

PROVENANCE = "provenance.json"


def write_record(path: Path, record: Any) -> None:
    """Write a dataclass as readable JSON; the file is whole or absent, also after a power cut."""
    files.write_bytes(path, record_bytes(record))


def record_bytes(record: Any) -> bytes:
    """Return what `write_record` writes."""
    plain = json.loads(config.to_json(record))
    return (json.dumps(plain, indent=2, sort_keys=True) + "\n").encode()


def read_record(path: Path, cls: type[T]) -> T:
    """Read what `write_record` wrote, checked against the dataclass.

    Raises:
        DataError: it is no JSON (cut off, or overwritten).
        ConfigError: it lacks a field, or has another one.
    """
    try:
        plain = json.loads(path.read_text())
        if not isinstance(plain, dict):
            raise ValueError("not an object")
    except ValueError as error:
        raise DataError(
            f"a whole JSON record in {path}",
            received=f"a damaged one ({error})",
            do="restore the file from a copy, or delete its folder and run again",
        ) from None
    return config.load(cls, plain, where=path.name)


def read_lines(path: Path, cls: type[T]) -> Iterator[T]:
    """Yield the records of a file that has one a line, as `files.append_lines` adds them.

    A file that is not there has none; a damaged line is warned of and left out.
    """
    if not path.is_file():
        return
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            yield config.load(cls, json.loads(line), where=path.name)
        except (ValueError, ConfigError):
            LOG.warning("line %d of %s is damaged and counts for nothing", number, path)


@dataclass(frozen=True)
class InfoFolder(Generic[T]):
    """An artifact whose facts stand in one record of its folder, beside whatever else it holds.

    A subclass says which: FILE is the record's name, INFO its dataclass.
    """

    FILE: ClassVar[str]
    INFO: ClassVar[type]

    root: Path
    info: T

    @property
    def report_path(self) -> Path:
        """The self-contained HTML page, where the artifact has one."""
        return self.root / "report.html"

    @classmethod
    def read(cls, root: Path) -> Self:
        """Open the artifact at `root`."""
        return cls(root, read_record(root / cls.FILE, cls.INFO))

    def write_info(self) -> None:
        """Write the record into the folder, which is made if need be."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_record(self.root / self.FILE, self.info)


@dataclass(frozen=True)
class RecordFolder(InfoFolder[T]):
    """One of which the step writes the record here, and all else itself."""

    def write(self) -> None:
        """Write the record."""
        self.write_info()


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of one file, as hexadecimal text."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_sha256(root: Path) -> str:
    """Return one SHA-256 over the names and contents of all files below `root`.

    The provenance record is left out: it names the digest.
    """
    total = hashlib.sha256()
    for path in sorted(files_below(root)):
        if path.name != PROVENANCE:
            total.update(f"{path.relative_to(root).as_posix()}\0{file_sha256(path)}\n".encode())
    return total.hexdigest()


def files_below(root: Path) -> Iterator[Path]:
    """Yield the regular files below a folder."""
    return (path for path in root.rglob("*") if path.is_file())


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name: a hard link where the volume allows, else a copy."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def link_tree(source: Path, target: Path) -> None:
    """Repeat a folder by hard links (copies where the volume does not allow them)."""
    shutil.copytree(
        source,
        target,
        copy_function=lambda a, b: link_or_copy(Path(a), Path(b)),
        dirs_exist_ok=True,
    )
