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

LABELS = "labels.csv"
RECORD = ["request_id", "row"]
COLUMNS = (*RECORD, "picture", "label")


@dataclass(frozen=True)
class Labels:
    """Labels by (request id, row); blank ones are not in it."""

    by_record: dict[tuple[str, int], str]

    def join(self, table: pa.Table) -> pa.Table:
        """Return a log's records with a column `label`, "" where the audit has none."""
        keys = zip(table["request_id"].to_pylist(), table["row"].to_pylist(), strict=True)
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
    if filled.duplicated(RECORD).any():
        raise _bad(file, "one record twice")
    records = zip(filled["request_id"], filled["row"], filled["label"], strict=True)
    return Labels({(str(request), int(row)): str(label) for request, row, label in records})


def _bad(file: Path, received: str) -> DataError:
    wanted = f"columns {', '.join(COLUMNS)} with labels filled in"
    return DataError(f"{file}: {expected(wanted, received=received, do='correct it')}")
