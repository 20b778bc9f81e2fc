"""`--format csv`: a person fills in the column `label` of `queue.csv`.

`path` is relative to the file. `group` and `domain` (camera, line, product) may be corrected;
any CSV file with `path` and `label` can come back.
"""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.report.spreadsheet import cell_text, plain_cell
from components.label.format_contract import QueueItem, ReturnedLabels, first_file, unreadable

FILE = "queue.csv"
_MANIFEST = "manifest.csv"
_COLUMNS = ("path", "label", "suggestion", "confidence", "group", "domain", "time_utc", "version")
_WANT = "a comma-separated UTF-8 file with the columns path and label"


@dataclass(frozen=True, kw_only=True)
class WaitingPicture:
    """A picture of a queue, and what is known of it; `confidence` is in [0, 1]."""

    sha256: str
    file: Path
    suggestion: str
    confidence: float
    group: str
    domain: str
    time_utc: str


def write(  # all formats alike
    items: Sequence[QueueItem],
    *,
    out: Path,
    queue: str,  # noqa: ARG001
    classes: tuple[str, ...],
) -> None:
    """Write `queue.csv`, the most wanted first, the pictures and a note of the classes."""
    (out / "pictures").mkdir(parents=True)
    (out / "classes.txt").write_text("".join(f"{name}\n" for name in classes))
    with (out / FILE).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for item in items:
            shutil.copyfile(item.picture, out / "pictures" / item.name)
            writer.writerow(_row(item))


def read(path: Path, *, places: Sequence[Path]) -> ReturnedLabels:
    """Return the lines whose label is filled in.

    Args:
        path: the file, or the folder of its queue or manifest.
        places: folders to look into for pictures that are not where the file says.

    Raises:
        DataError: the file cannot be read, or a column is missing.
    """
    file = table_of(path)
    rows = _rows(file)
    if rows and not {"path", "label"} <= rows[0].keys():
        had = ", ".join(map(str, rows[0])) or "none"
        raise unreadable(file, want=_WANT, received=f"the columns {had}", do="name them so")
    labelled, problems = [], []
    filled = [row for row in rows if _cell(row, "label")]
    for row in filled:
        path_text = _cell(row, "path")
        tries = (file.parent / path_text, *(place / Path(path_text).name for place in places))
        picture = first_file(tries) if path_text else None
        if picture is None:
            problems.append(f"'{path_text}' is not there")
            continue
        labelled.append(
            LabelledPicture(
                file=picture,
                label=_cell(row, "label"),
                group=_cell(row, "group"),
                domain=_cell(row, "domain"),
            )
        )
    return ReturnedLabels(
        labelled=tuple(labelled), unlabelled=len(rows) - len(filled), problems=tuple(problems)
    )


def table_of(path: Path) -> Path:
    """Return the file of a queue's folder, or of a data set's, which need not be there."""
    if not path.is_dir():
        return path
    own = [path / name for name in (FILE, _MANIFEST)]
    return first_file(own) or own[0]


def waiting(folder: Path) -> tuple[WaitingPicture, ...]:
    """Return the pictures of a queue that `write` wrote, the most wanted first.

    Raises:
        DataError: the queue's file cannot be read.
    """
    return tuple(
        WaitingPicture(
            sha256=Path(row["path"]).stem,
            file=folder / row["path"],
            suggestion=_cell(row, "suggestion"),
            confidence=float(row["confidence"]),
            group=_cell(row, "group"),
            domain=_cell(row, "domain"),
            time_utc=row["time_utc"],
        )
        for row in _rows(folder / FILE)
    )


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            return list(csv.DictReader(stream, strict=True))
    except (OSError, csv.Error, UnicodeDecodeError) as error:
        raise unreadable(file, want=_WANT, received=error, do="save it as CSV again") from None


def _row(item: QueueItem) -> tuple[object, ...]:
    return (
        f"pictures/{item.name}",
        "",
        plain_cell(item.suggestion),
        f"{item.confidence:.3f}",
        plain_cell(item.group),
        plain_cell(item.line or item.camera),
        datetime.fromtimestamp(item.time_unix_s, UTC).isoformat(timespec="seconds"),
        item.version,
    )


def _cell(row: dict[str, str], name: str) -> str:
    return cell_text((row.get(name) or "").strip())
