"""The folders that a reader may look into: below where the console started, and the home folder."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from components.common.errors import InputError
from components.common.pictures.decode import PICTURE_SUFFIXES

# Of a folder that holds more, the rest is not shown.
_MOST_FOLDERS = 200
_MOST_ENTRIES = 2000
_EXAMPLES = 3


@dataclass(frozen=True, kw_only=True)
class FolderEntry:
    """A folder in a list: the folders directly in it, the pictures in it and in these, and some."""

    path: Path
    folders: int
    pictures: int
    examples: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class FolderListing:
    """A folder, the one above it (None at the top), and the folders in it."""

    here: FolderEntry
    above: Path | None
    folders: tuple[FolderEntry, ...]


def roots() -> tuple[Path, ...]:
    """Return the folders below which a reader may look."""
    return (Path.cwd().resolve(), Path.home().resolve())


def checked_place(text: str) -> Path:
    """Return what a reader named, as a path without links, if it may be looked at.

    Raises:
        InputError: it lies elsewhere, or below a hidden folder.
    """
    try:
        path = Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        path = Path("/")
    for root in roots():
        inside = path.parts[len(root.parts) :] if path.is_relative_to(root) else (".",)
        if not any(part.startswith(".") for part in inside):
            return path
    raise InputError(
        f"a place below {' or '.join(dict.fromkeys(map(str, roots())))}, none of it hidden",
        received=f"'{text[:200]}'",
        do="choose another one, or start `graft ui` in a folder above the pictures",
    )


def checked_folder(text: str) -> Path:
    """Return a folder that a reader named.

    Raises:
        InputError: as `checked_place`, or it is no folder.
    """
    path = checked_place(text)
    if path.is_dir():
        return path
    received = "a file" if path.exists() else "nothing there"
    raise InputError(f"a folder at {path}", received=received, do="choose a folder")


def listing(folder: Path) -> FolderListing:
    """Return what there is to choose from in a folder that was checked."""
    above = folder.parent
    allowed = any(above.is_relative_to(root) for root in roots())
    inside = sorted(islice(_folders(folder), _MOST_FOLDERS))
    return FolderListing(
        here=_entry(folder),
        above=above if allowed else None,
        # Those with pictures first.
        folders=tuple(sorted(map(_entry, inside), key=lambda one: not one.pictures)),
    )


def _entry(folder: Path) -> FolderEntry:
    entries = list(_entries(folder))
    own = _pictures(entries)
    below = sorted(path for path in entries if path.is_dir())
    in_each = [_pictures(_entries(path)) for path in below[:_MOST_FOLDERS]]
    examples = [*own[:_EXAMPLES], *(pictures[0] for pictures in in_each if pictures)]
    return FolderEntry(
        path=folder,
        folders=len(below),
        pictures=len(own) + sum(map(len, in_each)),
        examples=tuple(examples[:_EXAMPLES]),
    )


def _pictures(entries: Iterable[Path]) -> list[Path]:
    return sorted(path for path in entries if path.suffix.lower() in PICTURE_SUFFIXES)


def _folders(folder: Path) -> Iterator[Path]:
    return (path for path in _entries(folder) if path.is_dir())


def _entries(folder: Path) -> Iterator[Path]:
    """Yield what is in a folder and not hidden; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, _MOST_ENTRIES):
                if not entry.name.startswith("."):
                    yield folder / entry.name
    except OSError:
        return
