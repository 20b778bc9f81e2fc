import hashlib
import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.common.artifacts.dataset import MANIFEST_COLUMNS, Dataset
from components.common.errors import ConfigError, DataError
from components.common.pictures.decode import decode
from components.common.run_context import RunContext
from components.ingest.config import IngestConfig, check
from components.ingest.step import (
    IngestInputs,
    IngestOutputs,
    content_key,
    grey_range_of,
    read_any,
    run,
)


def settings(path: Path, **rest: Any) -> IngestConfig:
    return IngestConfig(source="folder", path=str(path), **rest)


def ingest(*, out: Path, settings: IngestConfig, fingerprint: str = "") -> None:
    inputs = IngestInputs(fingerprint=fingerprint)
    run(settings, inputs, IngestOutputs(dataset=out), RunContext(run_id="r"))


def test_writes_manifest_and_pictures(two_classes: Path, tmp_path: Path) -> None:
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    dataset = Dataset.read(tmp_path / "out")
    assert tuple(dataset.manifest.columns) == MANIFEST_COLUMNS
    assert dataset.info.classes == ("good", "bad")
    assert dataset.info.positive == "bad"
    row = dataset.manifest.set_index("path").loc["pictures/bad/lot2/b.png"]
    data = (two_classes / "bad" / "lot2" / "b.png").read_bytes()
    assert dataset.picture("pictures/bad/lot2/b.png") == data
    assert row["sha256"] == hashlib.sha256(data).hexdigest()
    assert (row["group"], row["pixels"]) == ("", "")  # validate names what has no group
    assert (dataset.manifest["split"] == "").all()
    assert (dataset.manifest["weight"] == 1.0).all()


def test_further_columns_of_a_manifest_stay_with_the_pictures(
    two_classes: Path, tmp_path: Path
) -> None:
    table = "path,label,oven,shift\ngood/a.png,good,3,early\nbad/a.png,bad,,late\n"
    (two_classes / "manifest.csv").write_text(table)
    source = IngestConfig(source="manifest", path=str(two_classes))
    ingest(out=tmp_path / "out", settings=source)
    dataset = Dataset.read(tmp_path / "out")
    assert dataset.info.columns == ("oven", "shift")
    further = dataset.manifest.set_index("path")[["oven", "shift"]]
    assert further.loc["pictures/good/a.png"].tolist() == ["3", "early"]
    assert further.loc["pictures/bad/a.png"].tolist() == ["", "late"]


def _jpeg_turned(pixels: np.ndarray) -> bytes:
    image, buffer = Image.fromarray(pixels), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(buffer, format="JPEG", exif=exif, quality=95)
    return buffer.getvalue()


def _encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind)
    return buffer.getvalue()


def test_odd_pictures_become_servable_and_keep_their_pixels(
    two_classes: Path, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    colour = random.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    odd = {
        "turned.jpg": _jpeg_turned(colour),
        "scan.bmp": _encoded(Image.fromarray(colour), "BMP"),
        "palette.gif": _encoded(Image.fromarray(colour).convert("P"), "GIF"),
        "alpha.png": _encoded(Image.fromarray(colour).convert("RGBA"), "PNG"),
        "deep.png": _encoded(
            Image.fromarray(random.integers(0, 65536, (20, 30)).astype(np.uint16)), "PNG"
        ),
    }
    for name, data in odd.items():
        (two_classes / "good" / name).write_bytes(data)
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    dataset = Dataset.read(tmp_path / "out")
    for name, data in odd.items():
        copy = dataset.picture(f"pictures/good/{name}")
        with Image.open(io.BytesIO(copy)) as image:
            assert image.format in {"PNG", "JPEG"}
            assert image.mode in {"L", "RGB"}
            assert image.getexif().get(0x0112, 1) == 1
        np.testing.assert_array_equal(decode(copy), decode(data))


def _deep(most: int) -> bytes:
    levels = np.linspace(0, most, 600).reshape(20, 30).astype(np.uint16)
    return _encoded(Image.fromarray(levels), "PNG")


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_16_bit_pictures_keep_256_grey_levels_whatever_the_camera_uses(
    two_classes: Path, tmp_path: Path, bits: int
) -> None:
    most = 2**bits - 1
    (two_classes / "good" / "dark.png").write_bytes(_deep(most // 4))
    (two_classes / "good" / "bright.png").write_bytes(_deep(most))
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    dataset = Dataset.read(tmp_path / "out")
    assert dataset.info.grey_range == (0, most)
    bright = decode(dataset.picture("pictures/good/bright.png"))
    assert len(np.unique(bright)) == 256
    levels = np.linspace(0, most // 4, 600).reshape(20, 30).astype(np.uint16)
    dark = decode(dataset.picture("pictures/good/dark.png"))
    assert np.array_equal(dark[..., 0], levels >> (bits - 8))
    row = dataset.manifest.set_index("path").loc["pictures/good/bright.png"]
    written = dataset.picture("pictures/good/bright.png")
    assert row["sha256"] == hashlib.sha256(written).hexdigest()


def test_a_declared_range_comes_before_what_the_pictures_show(
    two_classes: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (two_classes / "good" / "deep.png").write_bytes(_deep(5000))
    chosen = settings(two_classes, grey_range=(1000, 3000))
    ingest(out=tmp_path / "out", settings=chosen)
    dataset = Dataset.read(tmp_path / "out")
    assert dataset.info.grey_range == (1000, 3000)
    pixels = decode(dataset.picture("pictures/good/deep.png")).ravel()
    levels = np.linspace(0, 5000, 600).astype(np.uint16)
    assert set(pixels[levels <= 1000]) == {0} and set(pixels[levels >= 3000]) == {255}
    assert np.interp(2000, levels, pixels) == pytest.approx(128, abs=1)
    assert "1 pictures have levels above 3000" in caplog.text


@pytest.mark.parametrize("levels", [(0, 100), (-1, 4095), (0, 70000), (4095, 0)])
def test_a_range_that_no_camera_has_is_refused(levels: tuple[int, int]) -> None:
    with pytest.raises(ConfigError, match=r"ingest\.grey_range to be \[LOW, HIGH\]"):
        check(IngestConfig(grey_range=levels))


def _deep_colours(most: int) -> bytes:
    """16-bit colours as PNG, which Pillow cannot write."""
    rows = np.linspace(0, most, 20 * 30 * 3).reshape(20, 90).astype(">u2")
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", 30, 20, 16, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def test_16_bit_colours_keep_their_high_byte_but_not_of_12_bits(
    two_classes: Path, tmp_path: Path
) -> None:
    (two_classes / "good" / "deep.png").write_bytes(_deep_colours(65535))
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    pixels = decode(Dataset.read(tmp_path / "out").picture("pictures/good/deep.png"))
    assert pixels.shape == (20, 30, 3) and len(np.unique(pixels)) == 256
    (two_classes / "good" / "deep.png").write_bytes(_deep_colours(4095))
    with pytest.raises(DataError, match="1 pictures that would keep 16 levels a channel"):
        ingest(out=tmp_path / "out2", settings=settings(two_classes))


def test_unreadable_pictures_are_kept_for_validate(two_classes: Path, tmp_path: Path) -> None:
    (two_classes / "good" / "text.png").write_text("not a picture")
    cut = (two_classes / "good" / "a.png").read_bytes()[:200]
    (two_classes / "bad" / "cut.png").write_bytes(cut)
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    dataset = Dataset.read(tmp_path / "out")
    assert len(dataset.manifest) == 7
    assert dataset.picture("pictures/good/text.png") == b"not a picture"
    assert dataset.picture("pictures/bad/cut.png") == cut


def test_an_interrupted_attempt_leaves_no_trace(two_classes: Path, tmp_path: Path) -> None:
    stale = tmp_path / "out" / "pictures" / "good" / "stale.png"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"")
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    assert not stale.exists()


def test_names_that_no_table_can_hold_are_cleaned(two_classes: Path, tmp_path: Path) -> None:
    folder = os.fsencode(two_classes / "good")
    source = (two_classes / "good" / "a.png").read_bytes()
    for name in (b"odd\xff.png", b"odd\n.png"):
        with open(os.path.join(folder, name), "wb") as stream:  # noqa: PTH118, PTH123 - bytes
            stream.write(source)
    ingest(out=tmp_path / "out", settings=settings(two_classes))
    paths = Dataset.read(tmp_path / "out").manifest["path"]
    assert {"pictures/good/odd_.png", "pictures/good/odd_~2.png"} <= set(paths)
    assert paths.is_unique


def test_content_key_follows_bytes_labels_and_names(two_classes: Path) -> None:
    before = content_key(settings(two_classes))
    assert content_key(settings(two_classes)) == before
    picture = two_classes / "good" / "a.png"
    data = picture.read_bytes()
    stat = picture.stat()
    picture.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(picture, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert content_key(settings(two_classes)) != before
    picture.write_bytes(data)
    assert content_key(settings(two_classes)) == before
    picture.rename(two_classes / "bad" / "moved.png")
    assert content_key(settings(two_classes)) != before


def test_content_key_does_not_depend_on_the_place(two_classes: Path, tmp_path: Path) -> None:
    before = content_key(settings(two_classes, name="x"))
    two_classes.rename(tmp_path / "elsewhere")
    assert content_key(settings(tmp_path / "elsewhere", name="x")) == before


def test_an_unknown_source_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="one of the sources elpv, folder, manifest"):
        ingest(out=tmp_path, settings=IngestConfig(source="ftp"))


def test_content_key_decodes_no_picture(two_classes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run computes it, before it knows whether anything is to be done."""
    opened = []
    monkeypatch.setattr(Image, "open", lambda *_, **__: opened.append(1))
    content_key(settings(two_classes))
    assert not opened


def test_pictures_that_are_not_those_of_the_fingerprint_are_refused(
    two_classes: Path, tmp_path: Path
) -> None:
    seen = content_key(settings(two_classes))
    ingest(out=tmp_path / "out", settings=settings(two_classes), fingerprint=seen)
    (two_classes / "good" / "a.png").rename(two_classes / "bad" / "moved.png")
    # A cluster would take the new pictures for the old ones in later runs.
    with pytest.raises(DataError, match="start the run again"):
        ingest(out=tmp_path / "again", settings=settings(two_classes), fingerprint=seen)


def test_a_folder_without_classes_is_read_without_labels(tmp_path: Path) -> None:
    (tmp_path / "camera" / "deep").mkdir(parents=True)
    (tmp_path / "camera" / "a.png").write_bytes(_deep(1000))
    (tmp_path / "camera" / "deep" / "b.png").write_bytes(_deep(900)[:200])
    chosen = settings(tmp_path / "camera")
    source = read_any(chosen)
    assert [(one.name, one.label) for one in source.pictures] == [("a.png", ""), ("deep/b.png", "")]
    # What is damaged has no say.
    assert grey_range_of(chosen, source) == (0, 1023)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="received none"):
        read_any(settings(tmp_path / "none"))


def test_a_wrong_manifest_is_not_read_without_its_labels(two_classes: Path) -> None:
    (two_classes / "manifest.csv").write_text("path,label\nnowhere.png,good\n")
    with pytest.raises(DataError):
        read_any(IngestConfig(source="manifest", path=str(two_classes)))
