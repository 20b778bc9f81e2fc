import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageFilter

from components.common.artifacts.dataset import Dataset
from components.common.pictures.decode import encode_png
from components.validate import duplicates, facts
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


def test_duplicates_are_marked(dataset: Callable[..., Dataset], tmp_path: Path) -> None:
    made = dataset()
    paths = made.manifest["path"].tolist()
    for target in (paths[4], paths[5]):
        (made.root / target).write_bytes(made.picture(paths[1]))
    for target in (paths[7], paths[8]):
        (made.root / target).write_bytes(b"not a picture")
    table = facts.measure(made)
    splits = pd.Series(["train"] * 5 + ["test"] + ["train"] * 54)
    marked = duplicates.mark(table, labels=made.manifest["label"], splits=splits).set_index("path")
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
