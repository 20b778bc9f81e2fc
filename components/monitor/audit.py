"""The audit: a random sample of the log that a person labels, and what it says of the accuracy.

<folder>/
├── pictures/<sha256>.<suffix>
├── labels.csv    request_id, row, picture, label: a person fills in the last column
└── sample.json   which records it was drawn from
"""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from components.common.artifacts.monitoring.prediction_log import PICTURES, read_log
from components.common.artifacts.records import read_record, write_record
from components.common.errors import DataError, InputError, expected
from components.common.seeding import generator

LABELS = "labels.csv"
SAMPLE = "sample.json"
_COLUMNS = ("request_id", "row", "picture", "label")
_KEY = ["request_id", "row"]


@dataclasses.dataclass(frozen=True)
class Labels:
    """Labels by (request id, row); blank ones are not in it."""

    by_record: dict[tuple[str, int], str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """The records that a sample stands for: one version's, in a stretch of time.

    since_unix_s, until_unix_s: from, and up to; 0 leaves the end open.
    """

    version: int
    since_unix_s: float
    until_unix_s: float

    def records(self, log: Path) -> pa.Table:
        """Return them from a model's log; those of unknown version (0) count as its own."""
        return _of_version(_stretch(log, self.since_unix_s, self.until_unix_s), self.version)


def draw_sample(
    log: Path,
    *,
    out: Path,
    count: int,
    seed: int,
    since_unix_s: float = 0.0,
    until_unix_s: float = 0.0,
) -> int:
    """Write a folder to be labelled and return how many pictures it holds.

    Drawn at random from the answered records of the newest version whose picture the log still
    keeps (its reservoir, itself a random choice, of the last weeks only: a longer stretch would
    not be sampled evenly). The model's decision is not shown: it would sway the person.

    Args:
        log: the model's log folder, with its pictures.
        out: a folder that is not there yet.
        count: how many; fewer where fewer are kept.
        seed: the same seed draws the same pictures.
        since_unix_s: leave out earlier records.
        until_unix_s: leave out records from then on; 0 reads to the end.

    Raises:
        DataError: no picture is kept, or `out` is there already.
    """
    if out.exists():
        raise DataError(expected("a new folder", received=str(out), do="name another one"))
    kept = {path.stem: path for path in sorted((log / PICTURES).glob("*.*"))}
    table = _stretch(log, since_unix_s, until_unix_s)
    version = max(table["version"].to_pylist(), default=0)
    table = _of_version(table, version)
    frame = table.select([*_KEY, "picture_sha256", "decision"]).to_pandas()
    frame = frame[frame["picture_sha256"].isin(list(kept)) & frame["decision"].ne("")]
    if frame.empty:
        raise DataError(
            expected(
                f"answered records with a kept picture in {log}",
                received="none",
                do="name another stretch of time, or let the gateway keep pictures",
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
    sample = Sample(version=version, since_unix_s=since_unix_s, until_unix_s=until_unix_s)
    write_record(out / SAMPLE, sample)
    return len(sheet)


def read_sample(folder: Path) -> Sample:
    """Read what a folder was drawn from.

    Raises:
        DataError: the record is missing or damaged.
    """
    try:
        return read_record(folder / SAMPLE, Sample)
    except (OSError, ValueError, InputError) as error:
        raise DataError(
            expected(
                f"{folder / SAMPLE} to say what was sampled",
                received=f"'{error}'",
                do="name the folder that `graft audit sample` wrote",
            )
        ) from None


def _stretch(log: Path, since_unix_s: float, until_unix_s: float) -> pa.Table:
    return read_log(log, since_unix_s=since_unix_s, until_unix_s=until_unix_s).table


def _of_version(table: pa.Table, version: int) -> pa.Table:
    return table.filter(pc.is_in(table["version"], pa.array([0, version], pa.int64())))


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
                do="name the log that the sample was drawn from",
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
