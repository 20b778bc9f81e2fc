"""`source: elpv`: the demo data, 2,624 electroluminescence pictures of solar cells.

Reads `labels.csv` as the package elpv-dataset ships it: one line a cell with its picture, the
experts' defect probability (0, 1/3, 2/3, 1) and the module type.

- label: `defective` where the probability is above 0.5, else `functional`;
- soft label: the probability; domain: the module type (mono, poly);
- further tasks: `type`, the module type, and `grade`, the probability as one of four classes;
- group: the module, INFERRED, because the package does not name it. The file lists cells
  module by module: its type runs are 60, 300, 180, 360, 714, 530, 72, 180, 48, 180 cells long,
  and image statistics jump every 60 cells. Each run is one module per 60 cells, rounded
  (72 and 48 are one module each), which gives 18 mono and 26 poly modules: exactly the 44 of
  the paper (Deitsch et al. 2019). In a run that is no multiple of 60, one module is short
  (54 cells in the run of 714, 50 in the run of 530); which one, was found by least squares
  over brightness, contrast and row and column profiles of the cells: the 6th and the 4th.
"""

from pathlib import Path

import pandas as pd

from components.common.errors import DataError, some
from components.common.labels.source_facts import TASK_PREFIX
from components.ingest.config import IngestConfig
from components.ingest.source_data import PictureRecord, SourceData, existing_path, ordered_classes

LICENCE = "CC BY-NC-SA 4.0 (non-commercial; never redistribute)"
FUNCTIONAL = "functional"
DEFECTIVE = "defective"
CELLS_A_MODULE = 60
# Length of a type run -> position of its short module.
_SHORT_MODULE = {714: 5, 530: 3}


def read(settings: IngestConfig) -> SourceData:
    """List the cells of the demo data.

    Raises:
        DataError: labels.csv or pictures are missing, or a line is not understood.
    """
    root = existing_path(settings.path, source="elpv")
    table = _labels(root)
    sizes = module_sizes(table["type"].tolist())
    modules = [number for number, size in enumerate(sizes, start=1) for _ in range(size)]
    pictures = tuple(
        PictureRecord(
            file=root / path,
            name=Path(path).name,
            label=DEFECTIVE if probability > 0.5 else FUNCTIONAL,
            soft_label=probability,
            domain=kind,
            group=f"module-{module:02d}",
            further={
                f"{TASK_PREFIX}type": kind,
                f"{TASK_PREFIX}grade": f"{probability:.2f}",
            },
        )
        for path, probability, kind, module in zip(
            table["path"], table["probability"], table["type"], modules, strict=True
        )
    )
    classes = ordered_classes(
        (picture.label for picture in pictures), settings.positive, where=root
    )
    return SourceData(
        name=settings.name or "elpv",
        classes=classes,
        pictures=pictures,
        licence=LICENCE,
        groups_inferred=True,
    )


def module_sizes(types: list[str]) -> list[int]:
    """Return how many cells each module has, by the type of each cell; both in file order."""
    sizes: list[int] = []
    runs = pd.Series(types, dtype=str)
    for _, run in runs.groupby((runs != runs.shift()).cumsum()):
        modules = max(1, round(len(run) / CELLS_A_MODULE))
        cells = [CELLS_A_MODULE] * modules
        cells[_SHORT_MODULE.get(len(run), modules - 1)] += len(run) - CELLS_A_MODULE * modules
        sizes += cells
    return sizes


def _labels(root: Path) -> pd.DataFrame:
    file = root / "labels.csv"
    try:
        table = pd.read_csv(
            file,
            sep=r"\s+",
            header=None,
            names=["path", "probability", "type"],
            dtype={"path": str, "probability": float, "type": str},
        )
    except (OSError, ValueError) as error:
        raise _labels_error(file, f"what cannot be read ({error})") from None
    wrong = table.isna().any(axis=1) | ~table["probability"].between(0, 1)
    if table.empty or wrong.any():
        lines = some(f"line {int(row) + 1}" for row in table.index[wrong])
        raise _labels_error(file, lines or "an empty file")
    missing = [path for path in table["path"] if not (root / path).is_file()]
    if missing:
        raise _labels_error(file, f"{len(missing)} pictures that are not there ({some(missing)})")
    return table


def _labels_error(file: Path, received: str) -> DataError:
    return DataError(
        f"{file} to list a picture, a probability and a type on each line",
        received=received,
        do="fetch the demo data again: 'graft data pull'",
    )
