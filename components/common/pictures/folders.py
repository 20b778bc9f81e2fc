"""Which files below a folder are pictures: one walk for ingest and for labels that come back."""

import logging
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from components.common.errors import DataError, some
from components.common.pictures.decode import PICTURE_SUFFIXES

LOG = logging.getLogger(__name__)


def pictures_below(folder: Path, *, seen: set[Path] | None = None) -> list[Path]:
    """Return the pictures below a folder, sorted; what is hidden is passed over.

    Args:
        folder: links below it are followed.
        seen: real folders that were read before; those below `folder` are added.

    Raises:
        DataError: a link leads to a folder that was read before, or nowhere.
    """
    seen = set() if seen is None else seen
    found: list[Path] = []
    for place, below, names in os.walk(folder, followlinks=True):
        real = Path(place).resolve()
        round_about = Path(place) != folder and folder.resolve().is_relative_to(real)
        if real in seen or round_about:
            raise DataError(
                f"every folder below {folder} once",
                received=f"{place!r} a second time, by a link",
                do="remove the link",
            )
        seen.add(real)
        below[:] = [name for name in below if not name.startswith(".")]
        found += [Path(place, name) for name in names if not name.startswith(".")]
    check_links(found)
    found = sorted(path for path in found if path.is_file())
    other = Counter(path.suffix or path.name for path in found if not is_picture(path))
    if other:
        LOG.warning("passed over in %s, no pictures by their ending: %s", folder, dict(other))
    return [path for path in found if is_picture(path)]


def check_links(paths: Iterable[Path]) -> None:
    """Refuse links that lead nowhere.

    Raises:
        DataError: there are some.
    """
    dead = [path for path in paths if path.is_symlink() and not path.exists()]
    if dead:
        raise DataError(
            "links that lead to a file or folder",
            received=f"{len(dead)} that lead nowhere or to themselves ({some(dead)})",
            do="remove them",
        )


def is_picture(path: Path) -> bool:
    """Return whether a file is a picture by its ending."""
    return path.suffix.lower() in PICTURE_SUFFIXES
