"""The folder that a user stands in: which preset and which model it means."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from components.common.errors import ConfigError
from pipelines.cli import app
from pipelines.cli.settings import choose
from pipelines.config import resolve
from pipelines.workspace import PRESET_FILE, default_model_name, default_preset, model_name_of


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_pictures(root: Path, *classes: str) -> Path:
    for name in classes:
        (root / name).mkdir(parents=True)
        (root / name / "1.png").touch()
    return root


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("photos", "photos"),
        ("My Photos (2026)", "my-photos-2026"),
        ("Räder_vorn", "rader_vorn"),
        ("2026", "model-2026"),
        ("照片", "model"),
        ("-", "model"),
    ],
)
def test_a_folder_names_the_model(folder: str, name: str, here: Path) -> None:
    (here / folder).mkdir()
    (here / folder / "manifest.csv").touch()
    assert model_name_of(Path(folder)) == name
    assert model_name_of(Path(folder) / "manifest.csv") == name
    resolve({"model_name": name})


def test_the_model_is_the_presets_or_the_only_one_published(here: Path) -> None:
    models = here / "models"
    with pytest.raises(ConfigError, match="no published model; publish one first"):
        default_model_name(models)
    (models / "one" / "1").mkdir(parents=True)
    (models / "begun" / "passports").mkdir(parents=True)
    assert default_model_name(models) == "one"
    (models / "two" / "3").mkdir(parents=True)
    with pytest.raises(ConfigError, match="has one, two; name one of them"):
        default_model_name(models)
    PRESET_FILE.write_text("model_name: mine")
    assert default_preset() == "graft.yaml"
    assert default_model_name(models) == "mine"


def test_the_folders_preset_is_the_default_and_names_its_own_pictures_model() -> None:
    for name in ("photos", "others"):
        write_pictures(Path(name), "a", "b")
    assert choose(None, Path("photos")).run.model_name == "photos"
    assert choose("classic", Path("photos")).run.model_name == "photos"
    PRESET_FILE.write_text("model_name: mine\ningest: {path: photos}\ntrain: {weights: none}")
    chosen = choose(None)
    assert (chosen.preset, chosen.run.model_name) == ("graft.yaml", "mine")
    assert choose(None, Path("photos")).run.model_name == "mine"
    # Two products never meet, though they share settings.
    other = choose(None, Path("others")).run
    assert (other.model_name, other.train.weights) == ("others", "none")
    assert choose("graft.yaml", Path("others")).run.model_name == "mine"
    assert choose(None, Path("others"), assignments=["model_name=c"]).run.model_name == "c"


@pytest.mark.parametrize("source", ["folder", "manifest"])
def test_init_writes_a_preset_that_is_right_and_says_what_comes_next(source: str) -> None:
    photos = write_pictures(Path("my photos"), "gut: ja", "schlecht")
    write_pictures(Path("notes"), "only")
    if source == "manifest":
        rows = "path,label,group\ngut: ja/1.png,gut,a\nschlecht/1.png,schlecht,a\n"
        (photos / "manifest.csv").write_text(rows)
    done = CliRunner().invoke(app, ["init"])
    assert done.exit_code == 0, done.output
    assert done.output.strip().endswith("graft run")
    text = PRESET_FILE.read_text()
    run = choose(None).run
    assert (run.model_name, run.ingest.source) == ("my-photos", source)
    assert Path(run.ingest.path) in {photos, photos / "manifest.csv"}
    assert "2 pictures of 2 classes: gut" in text
    # What stands behind a "#" is a setting as well.
    lines = [line.replace("# ", "", 1) if line.endswith("]") else line for line in text.split("\n")]
    assert yaml.safe_load("\n".join(lines))["evaluate"]["good"][0].startswith("gut")
    # A second time it is the user's.
    assert CliRunner().invoke(app, ["init", "my photos"]).exit_code == 1
    assert PRESET_FILE.read_text() == text


def test_init_asks_which_where_it_cannot_know() -> None:
    done = CliRunner().invoke(app, ["init"])
    assert "received none; type 'graft init FOLDER'" in str(done.exception)
    for name in ("one", "two"):
        write_pictures(Path(name), "a", "b")
    done = CliRunner().invoke(app, ["init"])
    assert "received one, two; type" in str(done.exception)
