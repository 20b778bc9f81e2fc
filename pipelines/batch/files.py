"""Whole files through Beam's file systems: local folders, gs://, s3://, hdfs:// alike."""

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeVar

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from components.common import config

T = TypeVar("T")

_PARTIAL = ".partial"


def join(folder: str, *names: str) -> str:
    """Return a path inside a folder of any file system."""
    return str(FileSystems.join(folder, *names))


def absolute(path: str) -> str:
    """Return a local path in full, since workers may have another working folder."""
    return path if "://" in path else str(Path(path).absolute())


def open_to_read(path: str) -> IO[bytes]:
    """Open a file as it is: a name that ends in .gz is not unpacked.

    Raises:
        OSError: it cannot be opened.
    """
    opened: Any = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
    return opened  # type: ignore[no-any-return]


def read_bytes(path: str) -> bytes:
    """Return a file's content.

    Raises:
        OSError: it cannot be read.
    """
    with open_to_read(path) as stream:
        return stream.read()


@contextlib.contextmanager
def writing_whole(path: str) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name when it is complete, or not at all.

    Two writers of one file do not disturb each other: the later one's file stays.
    """
    folder, name = FileSystems.split(path)
    # Readers of Parquet folders pass over names that begin with a dot.
    partial = join(folder, f".{name}.{uuid.uuid4().hex}{_PARTIAL}")
    with FileSystems.create(partial, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        yield stream
    FileSystems.rename([partial], [path])


def read_record(path: str, cls: type[T]) -> T:
    """Read what `write_record` wrote, checked against the dataclass."""
    return config.from_json(cls, read_bytes(path).decode())


def write_record(path: str, record: Any) -> None:
    """Write a dataclass as JSON."""
    with writing_whole(path) as stream:
        stream.write(config.to_json(record).encode())


def exists(path: str) -> bool:
    """Return whether there is such a file or folder."""
    return bool(FileSystems.exists(path))


def make_folder(path: str) -> None:
    """Create a folder with its parents unless it is there."""
    if not exists(path):
        FileSystems.mkdirs(path)


def matches(pattern: str) -> list[str]:
    """Return the files that a glob pattern (*, ?, [..]; ** for folders) stands for, sorted."""
    return sorted(found.path for found in FileSystems.match([pattern])[0].metadata_list)


def remove_partials(folder: str) -> None:
    """Delete what writers that were killed have left in a folder."""
    left = matches(join(folder, f".*{_PARTIAL}"))
    if left:
        FileSystems.delete(left)
