"""The list of pictures: written once, then cut into parts that never change."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from components.common.errors import DataError
from components.common.pictures.decode import PICTURE_SUFFIXES
from pipelines.batch import files
from pipelines.batch.records import Part

_GLOB = frozenset("*?[")


def find_pictures(source: str) -> Iterator[str]:
    """Yield the pictures of a folder (with what is below), a glob pattern or a list file.

    Only a glob pattern's matches are held in memory. Order is the same each time.

    Args:
        source: a folder; a pattern such as `gs://bucket/line-4/**.png`; or a text file with a
            path a line, relative ones from the file's own folder.

    Raises:
        DataError: `source` is none of them.
    """
    path = Path(source)
    if path.is_dir():
        yield from _below(path.resolve())
    elif path.is_file():
        yield from _listed(path.resolve())
    elif _GLOB & set(source):
        yield from files.matches(source if "://" in source else str(path.absolute()))
    else:
        raise DataError(
            "a folder of pictures, a glob pattern or a text file with one path per line",
            received=f"'{source}'",
            do="correct --pictures (a folder of a bucket needs a pattern: gs://bucket/x/**)",
        )


def write_list(pictures: Iterator[str], path: str) -> int:
    """Write a line a picture and return how many there are.

    A line is JSON text: names may hold line breaks, or bytes that are no UTF-8.
    """
    count = 0
    with files.writing_whole(path) as stream:
        for count, picture in enumerate(pictures, start=1):  # noqa: B007
            stream.write(json.dumps(picture).encode() + b"\n")
    return count


def cut(path: str, *, part_size: int) -> Iterator[Part]:
    """Yield the parts of a written list, each of `part_size` pictures but the last."""
    offset = position = count = number = 0
    with files.open_to_read(path) as stream:
        for line in stream:
            position += len(line)
            count += 1
            if count == part_size:
                yield Part(number=number, offset=offset, count=count)
                number, offset, count = number + 1, position, 0
    if count:
        yield Part(number=number, offset=offset, count=count)


def read_part(path: str, part: Part) -> Sequence[str]:
    """Return the pictures of one part."""
    with files.open_to_read(path) as stream:
        stream.seek(part.offset)
        return [json.loads(stream.readline()) for _ in range(part.count)]


def _below(folder: Path) -> Iterator[str]:
    for root, folders, names in os.walk(folder):
        # As in training data, what is hidden is passed over; one folder is held at a time.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in PICTURE_SUFFIXES:
                yield str(Path(root, name))


def _listed(path: Path) -> Iterator[str]:
    with path.open(errors="surrogateescape") as lines:
        for line in lines:
            name = line.strip()
            if name:
                yield name if "://" in name else str(path.parent / name)
