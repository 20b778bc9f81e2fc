"""Take a table of corrected labels: every row is checked, and one that is wrong changes nothing."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from components.common.errors import DataError, some
from components.common.report.spreadsheet import cell_text
from components.ingest.copying import safe_names
from components.ingest.corrections import Correction
from components.ingest.source_data import SourceData
from components.ingest.sources.manifest import cells

_COLUMNS = ("path", "label", "corrected")
_FIRST_LINE = 2


def checked(file: Path, source: SourceData, *, by: str, at_unix_s: float) -> tuple[Correction, ...]:
    """Return the rows of a table whose `corrected` says another class than `label`.

    Args:
        file: CSV with the columns `path` (as the source names it, or the Dataset), `label` and
            `corrected`; others are passed over, and so are rows without a correction.
        source: the data set as it is now.
        by: who corrects.
        at_unix_s: when.

    Raises:
        DataError: the table cannot be read; or a row names no picture, no class, a picture twice,
            or a label that the picture no longer has. All such lines are named.
    """
    table = _read(file)
    given = [one.name for one in source.pictures]
    names = dict(zip(safe_names(given), given, strict=True)) | {name: name for name in given}
    labels = {one.name: one.label for one in source.pictures}
    problems: list[str] = []
    found: dict[str, Correction] = {}
    for line, path, label, corrected in table.itertuples():
        if corrected in {"", label}:
            continue
        name = names.get(path, names.get(path.removeprefix("pictures/"), ""))
        wrong = list(_problems(name, path, label, corrected, labels, source.classes))
        if name in found:
            wrong.append(f"'{path}' stands in the table twice")
        problems += [f"line {line + _FIRST_LINE}: {one}" for one in wrong]
        found[name] = Correction(
            path=name, label=label, corrected=corrected, by=by, at_unix_s=at_unix_s
        )
    if problems:
        raise DataError(
            f"corrections in {file} that fit the data set as it is now",
            received=some(problems),
            do="correct these lines; nothing was changed",
        )
    return tuple(found.values())


def _problems(
    name: str,
    path: str,
    label: str,
    corrected: str,
    labels: dict[str, str],
    classes: Sequence[str],
) -> Iterator[str]:
    if not name:
        near = difflib.get_close_matches(path, labels, n=1)
        yield f"no picture '{path}'" + (f" (is it '{near[0]}'?)" if near else "")
    elif labels[name] != label:
        yield f"'{path}' is labelled '{labels[name]}' now, not '{label}'"
    if corrected not in classes:
        yield f"no class '{corrected}' (there are: {some(classes)})"


def _read(file: Path) -> pd.DataFrame:
    table = cells(file)
    lacking = [name for name in _COLUMNS if name not in table.columns]
    if lacking or table.columns.has_duplicates:
        raise DataError(
            f"{file} with the columns {', '.join(_COLUMNS)}, each once",
            received=f"the columns {some(table.columns)}",
            do="begin with label_errors.csv of a run, and fill in its column 'corrected'",
        )
    return table[list(_COLUMNS)].map(cell_text)
