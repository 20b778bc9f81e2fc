import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from components.common.pictures import statistics
from components.common.pictures.decode import decode, encode_png
from components.common.pictures.perceptual_hash import perceptual_hash
from components.common.run_context import RunContext
from components.ingest.config import IngestConfig
from components.ingest.step import IngestInputs, IngestOutputs
from components.ingest.step import run as ingest
from components.validate import facts
from components.validate.copies import duplicates
from components.validate.facts import measure_picture

GREY = np.random.default_rng(0).integers(0, 256, (50, 40)).astype(np.uint8)


def test_measures_a_grey_picture() -> None:
    found = measure_picture("a.png", encode_png(GREY[..., None]))
    assert found.readable
    assert (found.width_px, found.height_px, found.channels, found.mode) == (40, 50, 1, "grey")
    assert found.brightness == pytest.approx(GREY.mean(), rel=1e-5)
    assert found.contrast == pytest.approx(GREY.std(), rel=1e-5)


def test_blur_falls_when_the_picture_is_blurred() -> None:
    blurred = np.asarray(Image.fromarray(GREY).filter(ImageFilter.GaussianBlur(2)))
    sharp = measure_picture("a", encode_png(GREY[..., None])).blur
    assert measure_picture("b", encode_png(blurred[..., None])).blur < sharp / 10


@pytest.mark.parametrize("data", [b"text", b"", encode_png(GREY[..., None])[:300]])
def test_rubbish_is_a_fact_and_no_error(data: bytes) -> None:
    found = measure_picture("a.png", data)
    assert not found.readable
    assert found.error
    assert "\n" not in found.error
    assert found.bytes == len(data)


def test_one_pixel() -> None:
    found = measure_picture("a.png", encode_png(GREY[:1, :1, None]))
    assert (found.width_px, found.blur, found.contrast) == (1, 0.0, 0.0)


def test_the_same_pixels_are_found_in_another_encoding() -> None:
    buffer = io.BytesIO()
    Image.fromarray(GREY).save(buffer, format="PNG", compress_level=9, optimize=True)
    first = measure_picture("a", encode_png(GREY[..., None]))
    second = measure_picture("b", buffer.getvalue())
    turned = measure_picture("c", encode_png(GREY.reshape(40, 50, 1)))
    assert first.pixels_sha256 == second.pixels_sha256 != turned.pixels_sha256


def test_one_row_a_picture_in_manifest_order(dataset: Callable[..., Dataset]) -> None:
    made = dataset()
    table = facts.measure(made)
    assert table["path"].tolist() == made.manifest["path"].tolist()
    assert (table["shorter_side_px"] == 40).all()


def test_one_pass_gives_hash_statistics_and_what_the_file_said(
    tmp_path: Path,
) -> None:
    colour = np.random.default_rng(1).integers(0, 200, (40, 60, 3)).astype(np.uint8)
    (tmp_path / "mine" / "good").mkdir(parents=True)
    (tmp_path / "mine" / "bad").mkdir()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Maker", "Eye 5"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:28 13:05:00"
    Image.fromarray(colour).save(tmp_path / "mine" / "good" / "a.jpg", exif=exif)
    deep = Image.fromarray((np.arange(2400).reshape(40, 60)).astype(np.uint16))
    deep.save(tmp_path / "mine" / "good" / "b.tif")
    frames = {"save_all": True, "append_images": [Image.fromarray(255 - colour)]}
    Image.fromarray(colour).save(tmp_path / "mine" / "bad" / "c.gif", **frames)
    (tmp_path / "mine" / "bad" / "d.png").write_bytes(b"no picture")
    made = ingest(
        IngestConfig(path=str(tmp_path / "mine")),
        IngestInputs(),
        IngestOutputs(dataset=tmp_path / "dataset"),
        RunContext(run_id="r"),
    )
    table = facts.measure(made)
    table.index = table["path"].str.rpartition("/")[2]
    photo = table.loc["a.jpg"]
    assert photo["file_camera"] == "Maker Eye 5"
    assert photo["file_taken"] == "2026:11:28 13:05:00"
    assert table["file_orientation"].tolist() == [0, 0, 6, 0]
    assert table["file_format"].tolist() == ["GIF", "", "JPEG", "TIFF"]
    assert table["file_bits"].tolist() == [8, 0, 8, 16]
    assert table["file_frames"].tolist() == [2, 0, 1, 1]
    assert table["perceptual_hash"].dtype == np.uint64
    for name in ("a.jpg", "b.tif", "c.gif"):
        pixels = decode(made.picture(table.loc[name, "path"]))
        assert table.loc[name, "perceptual_hash"] == perceptual_hash(pixels)
        seen = table.loc[name, list(STATISTIC_COLUMNS)].to_numpy(dtype=np.float32)
        assert np.array_equal(seen, statistics.measure(pixels))
    assert table.loc["d.png", list(STATISTIC_COLUMNS)].isna().all()
    assert 5 < table.loc["b.tif", "entropy"] <= 8


def test_entropy_is_in_bits() -> None:
    levels = np.repeat(np.array([0, 80, 160, 240], dtype=np.uint8), 25).reshape(10, 10, 1)
    assert measure_picture("a.png", encode_png(levels)).entropy == pytest.approx(2.0)
    assert measure_picture("a.png", encode_png(levels * 0)).entropy == 0.0


def test_duplicates_are_marked(dataset: Callable[..., Dataset], tmp_path: Path) -> None:
    made = dataset()
    paths = made.manifest["path"].tolist()
    for target in (paths[4], paths[5]):
        (made.root / target).write_bytes(made.picture(paths[1]))
    for target in (paths[7], paths[8]):
        (made.root / target).write_bytes(b"not a picture")
    table = facts.measure(made)
    splits = pd.Series(["train"] * 5 + ["test"] + ["train"] * 54)
    exact = duplicates.first_of_each(table)
    marked = duplicates.mark(
        table, labels=made.manifest["label"], splits=splits, near=exact
    ).set_index("path")
    assert marked.filter(like="near_").isna().all(axis=None)
    assert marked["duplicate_of"].dropna().to_dict() == {paths[4]: paths[1], paths[5]: paths[1]}
    assert marked["duplicate_in_other_split"].dropna().to_dict() == {
        paths[1]: paths[5],
        paths[4]: paths[5],
        paths[5]: paths[1],
    }
    # Rows 1 and 5 are bad, row 4 is good.
    assert marked["duplicate_with_other_label"].dropna().to_dict() == {
        paths[1]: paths[4],
        paths[4]: paths[1],
        paths[5]: paths[4],
    }
