"""`graft advise` as a user types it, on folders and manifests of a few pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from components.common.errors import DataError
from components.common.pictures.decode import encode_png
from pipelines.cli import app
from pipelines.workspace import model_name_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 1), dtype=np.uint8)
        (tmp_path / f"{number}.png").write_bytes(encode_png(pixels))
    return tmp_path


def said(*words: str) -> str:
    result = CliRunner().invoke(app, ["advise", *words])
    if result.exception is not None:
        raise result.exception
    return " ".join(result.output.split())


def test_pictures_without_any_label_are_clustered_first(folder: Path) -> None:
    output = said("--data", str(folder))
    assert "0 pictures of 0 classes, 4 without a label" in output
    assert f"graft label clusters --data {folder} --out clusters" in output.replace(" /", " /")


@pytest.mark.parametrize("rows", ["path\n0.png\n1.png\n", "path,label\n0.png,\n1.png,\n"])
def test_a_manifest_without_any_label_is_clustered_first(folder: Path, rows: str) -> None:
    (folder / "manifest.csv").write_text(rows)
    assert "2 without a label" in said("--data", str(folder))


def test_a_domain_without_labels_gets_its_command(folder: Path) -> None:
    rows = "path,label,domain\n0.png,a,old\n1.png,b,old\n2.png,,new\n3.png,,new\n"
    (folder / "manifest.csv").write_text(rows)
    output = said("--data", str(folder))
    assert "graft run --preset domain_adversarial" in output
    assert "--set train.options.target=new" in output


@pytest.fixture
def two_classes(folder: Path) -> Path:
    (folder / "my manifest.csv").write_text("path,label\n0.png,a\n1.png,b\n")
    return folder / "my manifest.csv"


def test_a_command_can_be_typed_as_it_stands(two_classes: Path) -> None:
    assert f"graft run --preset pictures --data '{two_classes}'" in said("--data", str(two_classes))


def test_the_student_of_own_pictures_has_their_model_for_a_teacher(
    two_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two_classes.parent)
    output = said("--data", str(two_classes), "--device")
    model = model_name_of(two_classes)
    assert f"--set model_name={model}-small" in output
    assert f"'train.options.teachers=[serving/models/{model}]'" in output
    assert "linear_probe comes first: it is the teacher" in output


def test_json_is_for_programs(folder: Path) -> None:
    (folder / "classes.csv").write_text("class,round\na,1\nb,0\nc,1\nd,0\n")
    (folder / "manifest.csv").write_text("path,label\n0.png,a\n1.png,b\n2.png,d\n")
    options = ["--data", str(folder), "--attributes", str(folder / "classes.csv"), "--json"]
    first = json.loads(CliRunner().invoke(app, ["advise", *options]).output)[0]
    assert (first["method"], first["fits"]) == ("zero_shot", True)
    assert first["reason"].startswith("c: described")


def test_a_single_class_is_refused_with_what_to_do(folder: Path) -> None:
    (folder / "manifest.csv").write_text("path,label\n0.png,a\n1.png,a\n")
    with pytest.raises(DataError, match="only 'a'; add the pictures of another class"):
        said("--data", str(folder))
