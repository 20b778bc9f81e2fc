"""`graft data relabel`, from a run's table to the data set and its pin."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from components.ingest.config import IngestConfig
from components.ingest.corrections import RELABELLED
from components.ingest.step import read_source
from pipelines.cli import app
from pipelines.data import tracking


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of two pictures a class, and a table that corrects one."""
    for number, label in enumerate(("good", "good", "bad", "bad")):
        path = tmp_path / "mine" / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, (40, 40)).astype(np.uint8)
        Image.fromarray(noise).save(path)
    table = "path,label,suggestion,corrected,quality\n"
    (tmp_path / "corrected.csv").write_text(table + "good/0.png,good,bad,bad,0.1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mine"


def relabel(mine: Path, *words: str, code: int = 0) -> str:
    asked = ["data", "relabel", "corrected.csv", "--data", str(mine), *words]
    result = CliRunner().invoke(app, asked, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def label_of(mine: Path) -> str:
    source = read_source(IngestConfig(source="folder", path=str(mine)))
    return next(one.label for one in source.pictures if one.name == "good/0.png")


def test_a_correction_is_taken_once(mine: Path) -> None:
    assert "1 labels would be corrected" in relabel(mine, "--dry-run")
    assert label_of(mine) == "good"
    said = relabel(mine, "--by", "ann")
    assert "good/0.png: good → bad 1 labels corrected" in said
    assert label_of(mine) == "bad"
    assert ",ann," in (mine / RELABELLED).read_text()
    log = CliRunner().invoke(app, ["data", "log", "--data", str(mine)], env={"COLUMNS": "200"})
    assert "ann 1 corrected: good to bad 1" in " ".join(log.output.split())


def dvc(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_dvc_pins_the_corrections_and_nothing_else(mine: Path) -> None:
    dvc(mine.parent, "init", "--no-scm", "-q")
    dvc(mine.parent, "add", "-q", "mine")
    before = tracking.pinned_md5(mine.parent, "mine.dvc")
    assert "mine.dvc pins the new state" in relabel(mine)
    assert tracking.pinned_md5(mine.parent, "mine.dvc") != before
    assert "up to date" in dvc(mine.parent, "status")
    # A change of the user's own is theirs to pin.
    (mine / "good" / "own.txt").write_text("mine")
    (mine.parent / "corrected.csv").write_text("path,label,corrected\ngood/1.png,good,bad\n")
    said = relabel(mine, code=2)
    assert "mine.dvc is not updated" in said and "good/own.txt" in said
