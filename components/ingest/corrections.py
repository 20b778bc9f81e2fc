"""Labels that were corrected later, in a table beside the data set they belong to.

    <data set>/
    ├── ...                as the user made it; never touched
    └── relabelled.csv     one row a correction, the oldest first: COLUMNS

The table only grows, by one rename, so that every label can be followed back. A correction counts
while the source still says what it corrects: a label that its owner changes has the last word.
"""

import dataclasses
import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.common.errors import DataError, some
from components.common.files import write_bytes
from components.ingest.record_table import as_csv, read_rows
from components.ingest.source_data import PictureRecord, SourceData

LOG = logging.getLogger(__name__)

RELABELLED = "relabelled.csv"


@dataclass(frozen=True, kw_only=True)
class Correction:
    """One label that somebody corrected. `path` is the picture's name as the source has it."""

    path: str
    label: str
    corrected: str
    by: str = ""
    at_unix_s: float = 0.0


COLUMNS = tuple(field.name for field in dataclasses.fields(Correction))


def read_corrections(dataset: Path) -> tuple[Correction, ...]:
    """Return what was corrected in a data set, oldest first; nothing where nothing was.

    Raises:
        DataError: the table is damaged.
    """
    return read_rows(dataset / RELABELLED, COLUMNS, _correction)


def with_corrections(source: SourceData, dataset: Path) -> SourceData:
    """Return a source's data with the corrected labels.

    A corrected picture loses its soft label, which spoke for the old one.

    Raises:
        DataError: the table is damaged, or a label is no class of the source.
    """
    corrections = read_corrections(dataset)
    if not corrections:
        return source
    foreign = sorted({one.corrected for one in corrections} - set(source.classes))
    if foreign:
        raise DataError(
            f"labels among {', '.join(source.classes)} in {dataset / RELABELLED}",
            received=some(foreign),
            do="correct the labels",
        )
    by_name = {one.name: one for one in source.pictures}
    passed_over = []
    for one in corrections:
        picture = by_name.get(one.path)
        if picture is not None and picture.label == one.label:
            by_name[one.path] = _corrected(picture, one.corrected)
        elif picture is None or picture.label != one.corrected:
            passed_over.append(one.path)
    if passed_over:
        LOG.warning(
            "corrections passed over, since the source has another label now or no such picture: "
            "%s",
            some(passed_over),
        )
    return dataclasses.replace(source, pictures=tuple(by_name.values()))


def write_corrections(dataset: Path, new: Iterable[Correction]) -> None:
    """Add corrections to the table, all of them or none; the caller holds `commands.adding_to`."""
    both = (*read_corrections(dataset), *new)
    write_bytes(dataset / RELABELLED, as_csv(COLUMNS, both))


def _corrected(picture: PictureRecord, label: str) -> PictureRecord:
    return dataclasses.replace(picture, label=label, soft_label=math.nan)


def _correction(row: dict[str, str]) -> Correction:
    texts = {name: str(row[name]) for name in COLUMNS if name != "at_unix_s"}
    return Correction(**texts, at_unix_s=float(row["at_unix_s"]))
