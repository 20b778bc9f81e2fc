"""`source: manifest`: a CSV file (comma, UTF-8, header line) beside or above the pictures.

| column     |          | meaning |
|------------|----------|---------|
| path       | required | picture, relative to the manifest's folder, inside it |
| label      | required | class; empty where `ingest.unlabelled` takes pictures without one |
| soft_label | optional | probability of the positive class, 0 to 1; two classes only |
| domain     | optional | camera, line, product, ... |
| group      | optional | module, lot, session: never straddles splits |
| split      | optional | train, validation or test; on every row or on none |
| weight     | optional | how much the picture counts in training, > 0 (default 1) |
| label:TASK | optional | label of a further task; several with "|" between them |

An empty optional cell means "not annotated"; "|" alone, that none of a task's labels is true. Other
columns are kept as they are: evaluate looks
whether the model is worse for some of their values. One that looks like a misspelt optional column
is an error.
"""

import difflib
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from components.common.artifacts.dataset import MANIFEST_COLUMNS, SPLITS
from components.common.errors import DataError, some
from components.common.labels.source_facts import TASK_PREFIX
from components.common.labels.tasks import BETWEEN, tasks_of
from components.ingest.config import IngestConfig
from components.ingest.source_data import (
    PictureRecord,
    SourceData,
    existing_path,
    is_there,
    ordered_classes,
)

REQUIRED = ("path", "label")
OPTIONAL = ("soft_label", "domain", "group", "split", "weight")
_FIRST_LINE = 2  # of the data, below the header
_SPLIT_ALIASES = {"val": "validation", "valid": "validation"}


def read(settings: IngestConfig) -> SourceData:
    """List the pictures that a manifest names.

    Raises:
        DataError: the file or a column is missing, or cells are wrong; lines are named.
        ConfigError: `positive` is none of the labels.
    """
    file = existing_path(settings.path, source="manifest")
    if file.is_dir():
        file = existing_path(str(file / "manifest.csv"), source="manifest")
    table = _table(file)
    root = file.parent
    _check_paths(table["path"], root)
    # A missing label that was written as a number's text must not become a class.
    missing = {"nan"} if settings.unlabelled else {"", "nan"}
    said = (
        "a label on every line",
        "fill in the label or remove the line; with ingest.unlabelled=true an empty one is a "
        "picture without a label",
    )
    _refuse(table["label"], lambda cell: cell.lower() in missing, *said)
    _refuse(
        table["label"],
        lambda cell: BETWEEN in cell,
        f"one label a line, without '{BETWEEN}',",
        f"put further labels of a picture into a column {TASK_PREFIX}NAME",
    )
    tasks_of(tuple(table.columns), table)
    labelled = table["label"] != ""
    classes = ordered_classes(table.loc[labelled, "label"], settings.positive, where=file)
    _refuse(
        table.loc[~labelled, "split"],
        lambda cell: cell != "",
        "no split for a picture without a label, by which nothing can be judged,",
        "empty the cell, or fill in the label",
    )
    soft = _numbers(table["soft_label"], math.nan, lambda x: 0 <= x <= 1, "in 0 to 1")
    if len(classes) > 2 and not soft.isna().all():
        raise DataError(
            f"soft_label with two classes only in {file}",
            received=f"{len(classes)} classes ({some(classes)})",
            do="remove the column",
        )
    weight = _numbers(table["weight"], 1.0, lambda x: 0 < x < math.inf, "above 0")
    known = table.assign(soft_label=soft, weight=weight, split=_splits(table["split"], labelled))
    records = tuple(
        _picture(root, **{str(name): cell for name, cell in row.items()})
        for row in known.to_dict(orient="records")
    )
    return SourceData(
        name=settings.name or root.resolve().name,
        classes=classes,
        pictures=tuple(one for one in records if one.label),
        unlabelled=tuple(one for one in records if not one.label),
    )


def _picture(root: Path, *, path: str, **cells: Any) -> PictureRecord:
    own = [name for name in cells if name not in REQUIRED + OPTIONAL]
    further = {name: cells.pop(name) for name in own}
    name = Path(os.path.normpath(path)).as_posix()
    return PictureRecord(file=root / path, name=name, further=further, **cells)


def _table(file: Path) -> pd.DataFrame:
    """Return the known columns as stripped text, indexed by line number less `_FIRST_LINE`."""
    table = cells(file)
    lacking = [name for name in REQUIRED if name not in table.columns]
    if lacking:
        had = some(table.columns)
        used = next((sign for sign in ";\t" if sign in "".join(table.columns)), "")
        do = f"separate the cells by commas, not by {used!r}" if used else "correct the file"
        raise _file_error(file, f"no column {some(lacking)} (there are: {had})", do=do)
    if table.columns.has_duplicates:
        raise _file_error(file, "a column name twice")
    if table.empty:
        raise _file_error(file, "a header line only")
    other = [name for name in table.columns if name not in REQUIRED + OPTIONAL]
    for name in other:
        near = difflib.get_close_matches(name.lower(), OPTIONAL, n=1, cutoff=0.8)
        if near and near[0] not in table.columns:
            raise _file_error(file, f"a column '{name}' (did you mean '{near[0]}'?)")
        if name in MANIFEST_COLUMNS or not name:
            raise _file_error(file, f"a column '{name}', which is made here; rename it")
    blank = pd.Series("", index=table.index, dtype=str)
    return pd.DataFrame({name: table.get(name, blank) for name in (*REQUIRED, *OPTIONAL, *other)})


def cells(file: Path) -> pd.DataFrame:
    """Return all cells of a manifest as stripped text.

    Read without `header`: with one, pandas takes lines that have too many cells.
    """
    try:
        if file.stat().st_size == 0:
            raise _file_error(file, "an empty file", do="write a line for each picture")
        raw = pd.read_csv(
            file,
            header=None,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            skip_blank_lines=False,
        )
    except (OSError, pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise _file_error(file, f"what cannot be read ({str(error).strip()})") from None
    cells = raw.fillna("").apply(lambda column: column.str.strip())
    table: pd.DataFrame = cells.iloc[1:].reset_index(drop=True)
    table.columns = pd.Index(cells.iloc[0].tolist())
    filled = (table != "").any(axis=1)
    return table[filled]


def _file_error(file: Path, received: str, *, do: str = "correct the file") -> DataError:
    want = f"a comma-separated UTF-8 file with columns {', '.join(REQUIRED)}"
    return DataError(
        f"{file} to be {want} (optional: {', '.join(OPTIONAL)})",
        received=received,
        do=do,
    )


def _check_paths(paths: pd.Series, root: Path) -> None:
    _refuse(paths, lambda cell: not cell, "a path on every line", "fill in the path")
    _refuse(
        paths,
        lambda cell: Path(cell).is_absolute() or Path(os.path.normpath(cell)).parts[:1] == ("..",),
        f"paths inside {root}, relative to it",
        "move the pictures below the manifest's folder",
    )
    normal = paths.map(os.path.normpath)
    repeated = paths[normal.duplicated()]
    _refuse(repeated, lambda _: True, "every picture on one line only", "remove the repeated lines")
    _refuse(
        paths,
        lambda cell: not is_there(root / cell),
        f"every path to be a file below {root}",
        "correct the paths or add the files",
    )


def _refuse(cells: pd.Series, wrong: Callable[[str], bool], want: str, do: str) -> None:
    """Raise for the cells that are `wrong`, naming their lines."""
    bad = cells[cells.map(wrong).astype(bool)]
    if not bad.empty:
        numbers = bad.index.to_numpy() + _FIRST_LINE
        lines = some(f"line {n}: {cell!r}" for n, cell in zip(numbers, bad, strict=True))
        raise DataError(f"{want} in the manifest", received=lines, do=do)


def _numbers(
    cells: pd.Series, empty: float, allowed: Callable[[float], bool], span: str
) -> pd.Series:
    values = pd.to_numeric(cells.where(cells != ""), errors="coerce")
    good = (cells == "") | values.map(lambda value: bool(allowed(value)))
    _refuse(cells[~good], lambda _: True, f"{cells.name} {span}, or empty", "correct the numbers")
    return values.fillna(empty).astype(float)


def _splits(cells: pd.Series, labelled: pd.Series) -> pd.Series:
    words = cells.str.lower().replace(_SPLIT_ALIASES)
    _refuse(
        cells[~words.isin([*SPLITS, ""])],
        lambda _: True,
        f"split to be one of {', '.join(SPLITS)}",
        "correct the words",
    )
    if (words != "").any():
        none = words[labelled]
        _refuse(
            none, lambda cell: not cell, "a split on every line or on none", "fill in the column"
        )
    return words
