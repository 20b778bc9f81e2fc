"""Pictures that were labelled later, beside the data set they belong to.

    <data set>/
    ├── ...                     as the user made it; never touched
    └── additions/
        ├── manifest.csv        one row a picture: COLUMNS
        └── pictures/<sha256>.<suffix>

The manifest is replaced by one rename, and a picture counts only when the manifest names it. So
the data set is at any moment the old or the new one, also after a kill.
"""

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common.errors import DataError, some
from components.common.files import new_folder, remove_partials, write_bytes
from components.ingest.record_table import as_csv, read_rows
from components.ingest.source_data import PictureRecord, SourceData, is_there

LOG = logging.getLogger(__name__)

ADDITIONS = "additions"
MANIFEST = "manifest.csv"
_PICTURES = "pictures"
_END_OF_TIME_UNIX_S = 253_402_300_800.0  # year 10000


@dataclass(frozen=True, kw_only=True)
class Addition:
    """One picture that came in later. `file` is its name in `additions/pictures`.

    `origin` says how the label came ("folder", "csv", "label_studio"), `by` who took it in.
    """

    file: str
    sha256: str
    label: str
    group: str = ""
    domain: str = ""
    origin: str = ""
    added_unix_s: float = 0.0
    by: str = ""


COLUMNS = tuple(field.name for field in dataclasses.fields(Addition))


def folder_of(dataset: Path) -> Path:
    """Return the folder of the additions, whether it is there or not."""
    return dataset / ADDITIONS


def is_additions(folder: Path) -> bool:
    """Return whether a folder is one of ours (and not a class of that name)."""
    return folder.name == ADDITIONS and (folder / MANIFEST).is_file()


def read_additions(dataset: Path) -> tuple[Addition, ...]:
    """Return what was added to a data set, oldest first; nothing where nothing was.

    Args:
        dataset: the folder that holds the data set.

    Raises:
        DataError: the manifest is damaged, or a picture that it names is gone.
    """
    manifest = folder_of(dataset) / MANIFEST
    found = read_rows(manifest, COLUMNS, _addition)
    gone = [one.file for one in found if not is_there(_picture(dataset, one))]
    if gone:
        raise DataError(
            f"every picture that {manifest} names",
            received=f"{len(gone)} that are not there ({some(map(ascii, gone))})",
            do="restore them from DVC or a copy, or remove their lines",
        )
    return found


def with_additions(source: SourceData, dataset: Path) -> SourceData:
    """Return a source's data with the additions behind the old pictures.

    Raises:
        DataError: the additions are damaged, or one has a class that the source lacks.
    """
    added = read_additions(dataset)
    foreign = sorted({one.label for one in added} - set(source.classes))
    if foreign:
        raise DataError(
            f"labels among {', '.join(source.classes)} in {folder_of(dataset) / MANIFEST}",
            received=some(foreign),
            do="correct the labels",
        )
    records = (
        PictureRecord(
            file=_picture(dataset, one),
            name=f"{ADDITIONS}/{one.file}",
            label=one.label,
            domain=one.domain,
            group=one.group,
        )
        for one in added
    )
    return dataclasses.replace(source, pictures=(*source.pictures, *records))


def write_additions(dataset: Path, new: Sequence[tuple[Addition, bytes]]) -> None:
    """Add pictures, all of them or none; the caller holds `commands.adding_to`.

    Args:
        dataset: the folder that holds the data set.
        new: pictures that are not in it, with their encoded bytes.

    Raises:
        DataError: a class folder of the user's has the name that is needed here.
        OSError: the volume cannot be written; the data set is as it was.
    """
    folder = folder_of(dataset)
    if not folder.exists():
        # With an empty manifest, at once: without one it would pass for a class.
        with new_folder(folder) as partial:
            (partial / _PICTURES).mkdir()
            write_bytes(partial / MANIFEST, as_csv(COLUMNS, ()))
    if not is_additions(folder):
        raise DataError(
            f"the name {folder} to be free for pictures that are added",
            received="something of your own",
            do="rename it",
        )
    old = read_additions(dataset)
    remove_partials(dataset, of=ADDITIONS)
    remove_partials(folder)
    _remove_unnamed(folder, {one.file for one in old})
    for one, encoded in new:
        write_bytes(_picture(dataset, one), encoded)
    write_bytes(folder / MANIFEST, as_csv(COLUMNS, (*old, *(one for one, _ in new))))


def _remove_unnamed(folder: Path, named: set[str]) -> None:
    """Remove what an attempt left that was killed before its manifest was in place."""
    for path in (folder / _PICTURES).iterdir():
        if path.name not in named:
            LOG.warning("removed %s, which an interrupted attempt left", path)
            path.unlink()


def _addition(row: dict[str, str]) -> Addition:
    # Older manifests do not say who added a picture.
    named = {"by": "", **row}
    texts = {name: str(named[name]) for name in COLUMNS if name != "added_unix_s"}
    added_unix_s = float(row["added_unix_s"])
    is_moment = 0.0 <= added_unix_s < _END_OF_TIME_UNIX_S
    if not texts["label"] or Path(texts["file"]).name != texts["file"] or not is_moment:
        raise ValueError(f"the line of {texts['file']!r}")
    return Addition(**texts, added_unix_s=added_unix_s)


def _picture(dataset: Path, addition: Addition) -> Path:
    return folder_of(dataset) / _PICTURES / addition.file
