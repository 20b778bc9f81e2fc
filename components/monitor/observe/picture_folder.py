"""A window made of a folder of pictures instead of the log: the model is asked about each."""

import hashlib
import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from components.common.artifacts.monitoring.observations import Observations, from_table, joined
from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.common.errors import DataError
from components.common.pictures.decode import Pixels, decode
from components.common.pictures.folders import pictures_below
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.progress import track
from components.monitor.observe.ask_model import ObservePictures
from components.monitor.observe.windows import DUPLICATE, UNREADABLE, Window

LOG = logging.getLogger(__name__)

_AT_ONCE = 16


@dataclass(frozen=True)
class _Picture:
    path: Path
    data: bytes
    pixels: Pixels
    sha256: str


def from_pictures(
    folder: Path,
    observe: ObservePictures,
    *,
    classes: tuple[str, ...],
    grey_range: GreyRange = FULL,
) -> Window:
    """Make a window of a folder of pictures.

    Pictures are taken in order of their modification time; the folder that one lies in is its
    group. Left out and counted: unreadable ones and those with the same bytes as another.

    Args:
        folder: looked through to the bottom.
        observe: asks the model.
        classes: in the order of its scores.
        grey_range: of 16-bit grey pictures, as the model takes it.

    Raises:
        DataError: there is no such folder.
        ExportError: the model has not the signatures that Graft exports.
    """
    if not folder.is_dir():
        raise DataError("a folder of pictures", received=f"'{folder}'", do="correct the path")
    found = sorted(pictures_below(folder), key=lambda path: path.stat().st_mtime)
    left_out: dict[str, int] = {}
    places: dict[str, str] = {}
    parts = [from_table(SCHEMA.empty_table(), classes=classes)]
    for start in track(range(0, len(found), _AT_ONCE), "looking at pictures"):
        some = found[start : start + _AT_ONCE]
        pictures = _readable(some, set(places), left_out, grey_range=grey_range)
        if pictures:
            parts.append(_observed(pictures, folder, observe))
            places |= {one.sha256: str(one.path.relative_to(folder)) for one in pictures}
    notes = () if places else (f"There is no picture in {folder} that can be looked at.",)
    observations = joined(*(parts[1:] or parts))
    return Window.of(
        observations, source=str(folder), left_out=left_out, notes=notes, places=places
    )


def _readable(
    paths: list[Path], known: set[str], left_out: dict[str, int], *, grey_range: GreyRange
) -> list[_Picture]:
    """Return the pictures that are new and can be decoded; count the others in `left_out`."""
    pictures = []
    for path in paths:
        try:
            data = path.read_bytes()
            pixels = decode(data, name=path.name, grey_range=grey_range)
        except (OSError, DataError) as error:
            LOG.warning("%s is left out: %s", path, error)
            left_out[UNREADABLE] = left_out.get(UNREADABLE, 0) + 1
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        if sha256 in known:
            left_out[DUPLICATE] = left_out.get(DUPLICATE, 0) + 1
            continue
        known.add(sha256)
        pictures.append(_Picture(path, data, pixels, sha256))
    return pictures


def _observed(pictures: list[_Picture], folder: Path, observe: ObservePictures) -> Observations:
    seen = observe([one.pixels for one in pictures], [one.data for one in pictures])
    groups = [one.path.parent.relative_to(folder).as_posix() for one in pictures]
    return replace(
        seen,
        groups=np.array(["" if one == "." else one for one in groups], dtype=object),
        times_unix_s=np.array([one.path.stat().st_mtime for one in pictures]),
        sha256=np.array([one.sha256 for one in pictures], dtype=object),
    )
