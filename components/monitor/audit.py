"""The audit: a random sample of the log that a person labels, and what it says of the accuracy.

<folder>/
├── pictures/<sha256>.<suffix>
└── labels.csv    request_id, row, picture, label: a person fills in the last column
"""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from components.common.artifacts.prediction_log import PICTURES
from components.common.errors import DataError, expected
from components.common.seeding import generator

LABELS = "labels.csv"
_COLUMNS = ("request_id", "row", "picture", "label")
_KEY = ["request_id", "row"]


@dataclasses.dataclass(frozen=True)
class Labels:
    """Labels by (request id, row); blank ones are not in it."""

    by_record: dict[tuple[str, int], str]


def draw_sample(table: pa.Table, log: Path, *, out: Path, count: int, seed: int) -> int:
    """Write a folder to be labelled and return how many pictures it holds.

    Drawn at random from the answered records whose picture the log still keeps (its reservoir,
    itself a random choice). The model's decision is not shown: it would sway the person.

    Args:
        table: records of the log.
        log: the model's log folder, with its pictures.
        out: a folder that is not there yet.
        count: how many; fewer where fewer are kept.
        seed: the same seed draws the same pictures.

    Raises:
        DataError: no picture is kept, or `out` is there already.
    """
    if out.exists():
        raise DataError(expected("a new folder", received=str(out), do="name another one"))
    kept = {path.stem: path for path in sorted((log / PICTURES).glob("*.*"))}
    frame = table.select([*_KEY, "picture_sha256", "decision"]).to_pandas()
    frame = frame[frame["picture_sha256"].isin(list(kept)) & frame["decision"].ne("")]
    if frame.empty:
        raise DataError(
            expected(
                f"answered records with a kept picture in {log}",
                received="none",
                do="let the gateway keep pictures, or label from your own store",
            )
        )
    chosen = generator(seed, "audit").permutation(len(frame))[:count]
    frame = frame.iloc[np.sort(chosen)]
    (out / PICTURES).mkdir(parents=True)
    names = [kept[sha256] for sha256 in frame["picture_sha256"]]
    for path in names:
        shutil.copy2(path, out / PICTURES / path.name)
    sheet = frame[_KEY].assign(picture=[f"{PICTURES}/{path.name}" for path in names], label="")
    sheet.to_csv(out / LABELS, index=False)
    return len(sheet)


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
    missing = [name for name in _COLUMNS if name not in sheet]
    if missing:
        raise _bad(file, f"none called {', '.join(missing)}")
    labels = sheet["label"].str.strip()
    filled = sheet[labels.ne("")].assign(label=labels[labels.ne("")])
    unknown = sorted(set(filled["label"]) - set(classes))
    if unknown:
        line = int(filled.index[filled["label"].isin(unknown)][0]) + 2
        raise DataError(
            f"{file}, line {line}: "
            + expected(
                f"one of {', '.join(classes)}", received=f"'{unknown[0]}'", do="correct the label"
            )
        )
    if filled.empty:
        raise _bad(file, "no label at all")
    if not filled["row"].str.fullmatch(r"\d+").all():
        raise _bad(file, "a row that is no number")
    if filled.duplicated(_KEY).any():
        raise _bad(file, "one record twice")
    records = zip(filled["request_id"], filled["row"], filled["label"], strict=True)
    return Labels({(str(request), int(row)): str(label) for request, row, label in records})


def with_labels(table: pa.Table, labels: Labels) -> pa.Table:
    """Return the log with a column `label`, "" where the audit has none.

    Raises:
        DataError: no labelled record is in the table.
    """
    labelled = label(table, labels)
    if not any(labelled["label"].to_pylist()):
        raise DataError(
            expected(
                "labels of records in this log",
                received=f"{len(labels.by_record)} labels of other records",
                do="name the log and the dates that the sample was drawn from",
            )
        )
    return labelled


def label(table: pa.Table, labels: Labels) -> pa.Table:
    """Return the table with a column `label`, "" where the audit has none, all "" if need be."""
    keys = zip(table["request_id"].to_pylist(), table["row"].to_pylist(), strict=True)
    column = [labels.by_record.get((request, row), "") for request, row in keys]
    return table.append_column("label", pa.array(column, pa.string()))


def _bad(file: Path, received: str) -> DataError:
    columns = ", ".join(_COLUMNS)
    return DataError(
        f"{file}: "
        + expected(f"columns {columns} with labels filled in", received=received, do="correct it")
    )
