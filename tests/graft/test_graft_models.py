"""`graft.load`, `predict` and `evaluate` on a tiny published model, in this process."""

import doctest
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import graft
from pipelines.passports.find import find_version

pytestmark = [pytest.mark.slow]


@pytest.fixture(autouse=True)
def here(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workplace)


@pytest.fixture(scope="module")
def model(workplace: Path) -> Iterator[graft.LoadedModel]:
    yield graft.load("levels", models=workplace / "serving" / "models")


def test_the_examples_hold() -> None:
    found = doctest.testmod(graft)
    assert found.attempted >= 5
    assert found.failed == 0


def test_a_damaged_picture_is_a_row_with_its_error(model: graft.LoadedModel) -> None:
    table = model.predict(["new", Path("labelled/defective/defective-9.png")], progress=False)
    assert [Path(path).name for path in table["path"]] == [
        "bright.png",
        "dark.png",
        "torn.png",
        "defective-9.png",
    ]
    assert table["class"].tolist()[:2] == ["defective", "functional"]
    assert table["class"].isna().tolist() == [False, False, True, False]
    assert "bytes that no decoder knows" in table["error"][2]
    assert set(table["version"].dropna()) == {2}


def test_arrays_are_answered_as_the_files_are(model: graft.LoadedModel) -> None:
    files = ["new/bright.png", "new/dark.png"]
    grey = [np.asarray(Image.open(name)) for name in files]
    wanted = model.predict(files, progress=False)["probabilities"].tolist()
    for given in (
        grey,
        np.stack(grey)[..., None],
        [np.repeat(one[..., None], 3, axis=-1) for one in grey],
    ):
        table = model.predict(given, progress=False)
        assert table["probabilities"].tolist() == wanted
        assert table["path"].tolist() == ["0", "1"]
    assert model.predict(grey[0], progress=False)["probabilities"].tolist() == wanted[:1]


@pytest.mark.parametrize(
    ("given", "received"),
    [
        (np.zeros((4, 4), np.float32), r"float32 \[4, 4\] at position 0"),
        ([np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)], r"\[4, 4, 4\] at position 1"),
        ([], "none"),
    ],
)
def test_what_is_no_picture_is_refused(
    model: graft.LoadedModel, given: object, received: str
) -> None:
    with pytest.raises(graft.errors.DataError, match=received):
        model.predict(given, progress=False)  # type: ignore[arg-type]


def test_figures_are_those_of_the_labels(model: graft.LoadedModel) -> None:
    figures = graft.evaluate(model, "labelled", progress=False)
    # Four of twenty are as bright as the other class.
    assert figures.loc["accuracy", "value"] == pytest.approx(0.8)
    assert figures.loc["recall", "value"] == pytest.approx(0.8)
    assert (figures["low"] <= figures["value"]).all()
    assert (figures["value"] <= figures["high"]).all()
    assert figures.loc["accuracy", "low"] < 0.75


def test_progress_is_shown_unless_it_is_not_wanted(
    model: graft.LoadedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    model.predict("new")
    assert "classifying pictures" in capsys.readouterr().err
    model.predict("new", progress=False)
    graft.evaluate(model, "labelled", progress=False)
    assert capsys.readouterr() == ("", "")


def test_labels_that_the_model_does_not_know_are_named(
    model: graft.LoadedModel, tmp_path: Path
) -> None:
    shutil.copytree("labelled", tmp_path / "data")
    (tmp_path / "data" / "functional").rename(tmp_path / "data" / "fine")
    with pytest.raises(
        graft.errors.DataError, match="classes functional, defective, received fine"
    ):
        graft.evaluate(model, tmp_path / "data", progress=False)


def test_a_version_is_found_by_name_number_or_folder(workplace: Path, tmp_path: Path) -> None:
    models = workplace / "serving" / "models"
    wanted = find_version("levels", models=models)
    assert (wanted.number, wanted.path) == (2, models / "levels" / "2")
    assert find_version("levels", models=models, number=2) == wanted
    assert find_version(models / "levels" / "2", models=tmp_path) == wanted
    with pytest.raises(graft.errors.InputError, match="version 3 of 'levels', received version 2;"):
        graft.load("levels", version=3)
    with pytest.raises(graft.errors.InputError, match="models has levels;"):
        graft.load("leaves")
    with pytest.raises(graft.errors.InputError, match="models has no model;"):
        graft.load("leaves", models=tmp_path / "models")


def test_a_damaged_version_says_what_to_do(workplace: Path, tmp_path: Path) -> None:
    shutil.copytree(workplace / "serving" / "models", tmp_path / "models")
    (tmp_path / "models" / "levels" / "2" / "saved_model.pb").write_bytes(b"x")
    with pytest.raises(graft.errors.ExportError, match="export or publish it again"):
        graft.load("levels", models=tmp_path / "models")
