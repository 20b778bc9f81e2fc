"""Pictures that a reader sends: a zip file, or files by class, become a folder here.

Whatever names they claim, nothing is written outside that folder; what is no picture is left out,
and a zip file that would grow beyond measure is refused. Whether a picture can be read is said by
ingest, as for any other folder.
"""

import re
import shutil
import stat
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from components.common.errors import DataError, InputError
from components.common.files import explained, new_folder
from components.common.pictures.decode import PICTURE_SUFFIXES

GIB = 1 << 30
MOST_BYTES = 4 * GIB
_MOST_FILES = 200_000
_PIECE_BYTES = 1 << 20
_MANIFEST = "manifest.csv"
# "..", a drive, an absolute path, a name for the system: none is a folder's or a picture's.
_ODD = re.compile(r"^\.|[\\:\x00-\x1f]")


@dataclass(frozen=True, kw_only=True)
class SentFile:
    """A file under the name that the browser claims for it, as "cats/1.png"."""

    name: str
    stream: IO[bytes]


def receive(files: Iterable[SentFile], target: Path) -> None:
    """Write what was sent to a new folder, which appears whole or not at all.

    Args:
        files: one zip file, or pictures (and perhaps a manifest.csv) in folders by class.
        target: must not be there.

    Raises:
        InputError: it is there; nothing was sent that can be used; a name leads elsewhere; it is
            too much, or the disk is full.
    """
    if target.exists():
        raise InputError(
            f"a name that is free in {target.parent}",
            received=f"'{target.name}', which is there",
            do="write another name",
        )
    with explained(target.parent, error=InputError), new_folder(target) as partial:
        room = _Room(partial)
        for one in files:
            if one.name.lower().endswith(".zip"):
                _unpack(one, room)
            else:
                room.write(one.name, one.stream)
        if not room.pictures:
            raise DataError(
                "pictures in folders by class, or a zip file of them",
                received=f"{room.left_out} files, none of them a picture by its ending",
                do="send the folder that holds the class folders",
            )
        _lift(partial)


class _Room:
    """A folder that files are written to, as long as they are no more than agreed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bytes = 0
        self._files = 0
        self.pictures = 0
        self.left_out = 0

    def write(self, name: str, stream: IO[bytes]) -> None:
        parts = _parts(name)
        self._files += 1
        if self._files > _MOST_FILES:
            raise _too_much(f"more than {_MOST_FILES} files")
        picture = PurePosixPath(name).suffix.lower() in PICTURE_SUFFIXES
        if not parts or not (picture or parts[-1] == _MANIFEST):
            self.left_out += 1
            return
        path = self._root.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            while piece := stream.read(_PIECE_BYTES):
                self._bytes += len(piece)
                if self._bytes > MOST_BYTES:
                    raise _too_much(f"more than {MOST_BYTES // GIB} GiB of pictures")
                file.write(piece)
        self.pictures += picture


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a relative name; none for what is hidden, as archivers leave it.

    Raises:
        DataError: the name leads out of the folder.
    """
    parts = PurePosixPath(name).parts
    if ".." in parts or any(_ODD.search(part) and part[0] != "." for part in parts):
        raise _leads_out(name)
    if name.startswith("/"):
        raise _leads_out(name)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return () if hidden else parts


def _unpack(sent: SentFile, room: _Room) -> None:
    with _read_as_zip(sent.name), zipfile.ZipFile(sent.stream) as archive:
        if sum(one.file_size for one in archive.infolist()) > MOST_BYTES:
            raise _too_much(f"a zip file of more than {MOST_BYTES // GIB} GiB of pictures")
        for one in archive.infolist():
            if stat.S_ISLNK(one.external_attr >> 16):
                raise _leads_out(one.filename)
            if not one.is_dir():
                with archive.open(one) as stream:
                    # What it claims to be may be wrong: the room counts what comes.
                    room.write(one.filename, stream)


@contextmanager
def _read_as_zip(name: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        # What zipfile raises: RuntimeError for a password, NotImplementedError for a way of packing
        # that it does not know.
        raise DataError(
            "a zip file that can be unpacked",
            received=f"'{PurePosixPath(name).name}' ({error})",
            do="pack it again, without a password",
        ) from None


def _lift(root: Path) -> None:
    """Take away folders that hold nothing but one folder of folders: what archivers put around."""
    while True:
        inside = list(root.iterdir())
        if len(inside) != 1 or not inside[0].is_dir():
            return
        below = list(inside[0].iterdir())
        if not any(path.is_dir() or path.name == _MANIFEST for path in below):
            return  # a class
        wrapper = inside[0].rename(root / f".{inside[0].name}")
        for path in wrapper.iterdir():
            shutil.move(path, root / path.name)
        wrapper.rmdir()


def _leads_out(name: str) -> DataError:
    return DataError(
        "names of files below the folder that is sent",
        received=f"'{name[:200]}'",
        do="pack the folder again, without links and absolute names",
    )


def _too_much(received: str) -> DataError:
    return DataError(
        f"at most {_MOST_FILES} files and {MOST_BYTES // GIB} GiB",
        received=received,
        do="put the folder on this machine and choose it here",
    )
