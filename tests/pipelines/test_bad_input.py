"""Data that nobody hopes for, through the steps of a run: a message or a verdict, never a crash."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from steps_in_process import judge

from components.common.errors import DataError, InputError

pytestmark = [
    # Great Expectations, Keras and what they import, not ours.
    pytest.mark.filterwarnings("ignore:module .sre_\\w+. is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Please install grpcio-status:ImportWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def write_class(root: Path, name: str, count: int, *, row: int = 10) -> None:
    """Pictures of noise with a bright bar in a place of its own for each class."""
    rng = np.random.default_rng(row)
    (root / name).mkdir(parents=True)
    for number in range(count):
        pixels = rng.normal(90, 12, (48, 48))
        pixels[row : row + 6] += 110
        picture = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
        picture.save(root / name / f"{number:03d}.png")


def refused(root: Path, tmp_path: Path) -> str:
    """Return what a person reads of data that cannot be used; it ends with what to do."""
    with pytest.raises(InputError, match=r"^expected .*, received .*; ") as caught:
        judge(root, tmp_path / "run")
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_no_pictures_at_all(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert "no sub-folder" in refused(tmp_path / "data", tmp_path)


def test_one_class(tmp_path: Path) -> None:
    write_class(tmp_path / "data", "good", 30)
    assert "at least two classes" in refused(tmp_path / "data", tmp_path)


@pytest.mark.slow
def test_a_class_of_two_pictures_is_named_with_what_is_needed(tmp_path: Path) -> None:
    write_class(tmp_path / "data", "good", 30)
    write_class(tmp_path / "data", "scratch", 2, row=30)
    said = refused(tmp_path / "data", tmp_path)
    assert "at least 3 readable pictures of every class" in said
    assert "scratch (2)" in said


@pytest.mark.slow
def test_a_picture_of_nan_is_named(tmp_path: Path) -> None:
    write_class(tmp_path / "data", "good", 12)
    write_class(tmp_path / "data", "bad", 12, row=30)
    nothing = np.full((48, 48), np.nan, dtype=np.float32)
    Image.fromarray(nothing).save(tmp_path / "data" / "good" / "measured.tiff")
    said = refused(tmp_path / "data", tmp_path)
    assert "every picture to be readable" in said
    assert "good/measured.tiff" in said
    assert "NaN" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("good/001.png,nan,", "a label on every line"),
        ("good/001.png,,", "a label on every line"),
        ("good/001.png,good,nan", "soft_label in 0 to 1"),
    ],
)
def test_a_label_of_nan_is_named_by_its_line(tmp_path: Path, line: str, said: str) -> None:
    write_class(tmp_path / "data", "good", 3)
    write_class(tmp_path / "data", "bad", 3, row=30)
    lines = ["path,label,soft_label", "good/000.png,good,0.1", line, "bad/000.png,bad,0.9"]
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(lines) + "\n")
    received = refused(tmp_path / "data", tmp_path)
    assert said in received
    assert "line 3" in received


@pytest.mark.slow
def test_fewer_than_twenty_pictures_are_too_little_evidence(tmp_path: Path) -> None:
    write_class(tmp_path / "data", "good", 6)
    write_class(tmp_path / "data", "bad", 6, row=30)
    verdict = judge(tmp_path / "data", tmp_path / "run").verdict.info
    assert verdict.word == "insufficient"
    assert "a verdict needs at least 30: add some." in verdict.reasons[0]


@pytest.mark.slow
def test_data_that_cannot_be_split_are_refused_before_any_training(tmp_path: Path) -> None:
    write_class(tmp_path / "data", "good", 6)
    write_class(tmp_path / "data", "bad", 6, row=30)
    names = [(name, number) for name in ("good", "bad") for number in range(6)]
    lines = ["path,label,group", *(f"{name}/{number:03d}.png,{name},lot" for name, number in names)]
    (tmp_path / "data" / "manifest.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(DataError, match="rule class_in_"):
        judge(tmp_path / "data", tmp_path / "run")
    assert not (tmp_path / "run" / "artifacts" / "train").exists()
