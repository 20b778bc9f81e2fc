"""What people wrote into the sheet of an audit.

<folder>/
├── pictures/<sha256>.<suffix>
├── labels.csv    request_id, row, picture, label: a person fills in the last column
└── sample.json   which records it was drawn from
"""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from components.common.errors import DataError, expected
from components.common.report.spreadsheet import cell_text

LABELS = "labels.csv"
RECORD = ["request_id", "row"]
# A client may use one request id for several pictures, so the picture belongs to the identity.
IDENTITY = [*RECORD, "picture"]
COLUMNS = (*IDENTITY, "label")


@dataclass(frozen=True)
class Labels:
    """Labels by (request id, row, SHA-256 of the picture); blank ones are not in it."""

    by_record: dict[tuple[str, int, str], str]

    def join(self, table: pa.Table) -> pa.Table:
        """Return a log's records with a column `label`, "" where the audit has none."""
        names = (*RECORD, "picture_sha256")
        keys = zip(*(table[name].to_pylist() for name in names), strict=True)
        column = [self.by_record.get(key, "") for key in keys]
        return table.append_column("label", pa.array(column, pa.string()))


def read_labels(folder: Path, *, classes: tuple[str, ...]) -> Labels:
    """Read a filled-in sheet; blank labels are left out.

    Raises:
        DataError: the sheet is missing, damaged, has a label that is no class, a record twice, or
            no label at all.
    """
    file = folder / LABELS
    try:
        sheet = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise _bad(file, f"what cannot be read ({error})") from None
    missing = [name for name in COLUMNS if name not in sheet]
    if missing:
        raise _bad(file, f"none called {', '.join(missing)}")
    filled = sheet.assign(label=sheet["label"].str.strip())
    filled = filled[filled["label"].ne("")]
    unknown = filled[~filled["label"].isin(classes)]
    if len(unknown):
        label, line = unknown["label"].iloc[0], int(unknown.index[0]) + 2
        wanted = expected(
            f"one of {', '.join(classes)}", received=f"'{label}'", do="correct the label"
        )
        raise DataError(f"{file}, line {line}: {wanted}")
    if filled.empty:
        raise _bad(file, "no label at all")
    if not filled["row"].str.fullmatch(r"\d+").all():
        raise _bad(file, "a row that is no number")
    if filled.duplicated(IDENTITY).any():
        raise _bad(file, "one record twice")
    return Labels(
        {
            (cell_text(request), int(row), Path(picture).stem): str(label)
            for request, row, picture, label in filled[list(COLUMNS)].itertuples(index=False)
        }
    )


def _bad(file: Path, received: str) -> DataError:
    wanted = f"columns {', '.join(COLUMNS)} with labels filled in"
    return DataError(f"{file}: {expected(wanted, received=received, do='correct it')}")
