"""Labels go out and come back: the two commands, the data set between them, and DVC."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

from components.common.artifacts.monitoring.prediction_log import (
    PICTURES,
    SCHEMA,
    STATISTIC_COLUMNS,
)
from components.common.errors import DataError
from components.ingest.additions import MANIFEST, folder_of, read_additions
from components.ingest.config import IngestConfig
from components.ingest.step import read_source
from components.label.commands import guess_format, read_labels
from components.monitor.observe.served import ServedVersion, count_new_labels
from pipelines.cli import app
from pipelines.data import pinning, tracking

CLASSES = ("good", "bad")


def write_picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (40, 40)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    return path


def graft(*words: str | Path, code: int = 0) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of three pictures a class and a log of eight predictions, pictures kept."""
    for number in range(3):
        for label in CLASSES:
            write_picture(
                tmp_path / "mine" / label / f"{number}.png",
                10 * CLASSES.index(label) + number + 100,
            )
    root = tmp_path / ".graft" / "predictions" / "pictures"
    rows = []
    for number in range(8):
        picture = write_picture(tmp_path / "camera" / f"{number}.png", 200 + number).read_bytes()
        sha256 = hashlib.sha256(picture).hexdigest()
        (root / PICTURES).mkdir(parents=True, exist_ok=True)
        (root / PICTURES / f"{sha256}.png").write_bytes(picture)
        row = {
            "time_unix_s": 1_795_996_800.0 + number,
            "request_id": str(number),
            "row": 0,
            "version": 1,
            "scores": [0.5, 0.5],
            "decision": "good",
            "picture_sha256": sha256,
            "group": f"lot-{number}",
            "line": "north",
            **dict.fromkeys(STATISTIC_COLUMNS, float(number)),
        }
        rows.append({name: row.get(name) for name in SCHEMA.names})
    (root / "2026-11-30").mkdir()
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), root / "2026-11-30" / "0-a.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


WINDOW = ("--model-name", "pictures", "--until", "2026-12-01")


def answer(project: Path, form: str) -> Path:
    """Do a labeller's work: all but one get a label."""
    out = project / "label-queues" / "pictures-2026-12-01"
    if form == "folder":
        for path in sorted((out / "to-label").iterdir())[1:]:
            path.rename(out / "bad" / path.name)
        return out
    if form == "csv":
        lines = (out / "queue.csv").read_text().splitlines()
        done = [line.replace(".png,,", ".png,bad,") for line in lines[2:]]
        (out / "queue.csv").write_text("\n".join([*lines[:2], *done]) + "\n")
        return out / "queue.csv"
    tasks = json.loads((out / "tasks.json").read_text())
    result = {"type": "choices", "from_name": "label", "value": {"choices": ["bad"]}}
    for number, task in enumerate(tasks):
        task.update(id=number, annotations=[{"result": [result]}] if number else [])
    (project / "export.json").write_text(json.dumps(tasks))
    return project / "export.json"


def new_labels(project: Path) -> int:
    """What the monitor counts."""
    served = ServedVersion(model_dir=project / "models", version=1, passport=None)
    return count_new_labels(str(folder_of(project / "mine") / MANIFEST), served)


@pytest.mark.parametrize("form", ["folder", "csv", "label_studio"])
def test_a_queue_goes_out_and_comes_back_with_its_groups(project: Path, form: str) -> None:
    words = ("--count", "5", "--format", form, "--data", project / "mine")
    said = graft("label", "queue", *WINDOW, *words)
    assert "5 pictures to label in label-queues/pictures-2026-12-01" in said
    back = answer(project, form)
    settings = IngestConfig(source="folder", path=str(project / "mine"))
    assert new_labels(project) == 0
    said = graft("data", "add", back, "--data", project / "mine", "--set", "model_name=pictures")
    assert "4 added, 1 not labelled yet" in said
    added = read_additions(project / "mine")
    assert {one.label for one in added} == {"bad"}
    assert {one.domain for one in added} == {"north"}
    assert len({one.group for one in added}) == 4
    assert {one.origin for one in added} == {form}
    assert new_labels(project) == 4
    assert len(read_source(settings).pictures) == 6 + 4
    said = graft("label", "queue", *WINDOW, *words, "--out", project / "next")
    assert "3 pictures to label" in said
    said = graft("label", "queue", *WINDOW, *words, "--out", project / "third")
    assert "nothing new to label: 8 predictions, 8 of their pictures kept, 8 asked" in said


def test_refusals_are_said_and_end_with_code_2(project: Path) -> None:
    write_picture(project / "back" / "ugly" / "1.png", 1)
    write_picture(project / "back" / "good" / "2.png", 2)
    said = graft("data", "add", project / "back", "--data", project / "mine", code=2)
    assert "refused" in said
    assert "received 'ugly'; correct the label" in said
    assert "1 added, 1 refused" in said
    said = graft("data", "add", project / "back", "--data", project / "mine", "--dry-run", code=2)
    assert "1 in the data set before" in said


def test_a_folder_with_a_manifest_says_the_labels_itself(project: Path) -> None:
    """As for a run: where the pictures lie says nothing then."""
    write_picture(project / "back" / "good" / "1.png", 1)
    (project / "back" / "manifest.csv").write_text("path,label\ngood/1.png,bad\n")
    graft("data", "add", project / "back", "--data", project / "mine")
    assert [one.label for one in read_additions(project / "mine")] == ["bad"]


def test_a_folder_without_a_picture_is_refused(project: Path) -> None:
    (project / "back" / "good").mkdir(parents=True)
    (project / "back" / "good" / "1.HEIC").write_bytes(b"")
    (project / "back" / "queue.csv").write_text("path,label\n")
    for place in (project / "back" / "queue.csv", project / "back"):
        with pytest.raises(DataError, match=r"pictures to add .*\.png.*, received none; "):
            read_labels(place, log=project / "log", model_name="mine")
        (project / "back" / "queue.csv").unlink(missing_ok=True)


def test_a_folder_that_is_reached_twice_is_refused_as_in_a_run(project: Path) -> None:
    write_picture(project / "back" / "good" / "1.png", 1)
    (project / "back" / "good" / "again").symlink_to(project / "back")
    with pytest.raises(DataError, match="a second time, by a link"):
        read_labels(project / "back", log=project / "log", model_name="mine")


def test_a_wrong_path_says_what_can_come_back(project: Path) -> None:
    with pytest.raises(DataError, match=r"Label Studio export .* received nothing there"):
        guess_format(project / "nowhere")
    with pytest.raises(DataError, match="another kind of file"):
        guess_format(write_picture(project / "one.png", 1))


def dvc(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_dvc_pins_what_was_added_and_nothing_else(project: Path) -> None:
    dvc(project, "init", "--no-scm", "-q")
    dvc(project, "add", "-q", "mine")
    write_picture(project / "back" / "good" / "2.png", 2)
    before = tracking.pinned_md5(project, "mine.dvc")
    pin = pinning.find_pin(project / "mine" / "good")
    assert pin is not None
    assert (pin.name, pin.folder) == ("mine.dvc", (project / "mine").resolve())
    said = graft("data", "add", project / "back", "--data", project / "mine")
    assert "mine.dvc pins the new state" in said
    assert tracking.pinned_md5(project, "mine.dvc") != before
    assert "up to date" in dvc(project, "status")
    # A change of the user's own is theirs to pin.
    write_picture(project / "mine" / "good" / "own.png", 77)
    write_picture(project / "back" / "good" / "3.png", 3)
    said = graft("data", "add", project / "back", "--data", project / "mine", code=2)
    assert "1 added, 1 in the data set before" in said
    assert "mine.dvc is not updated" in said
    assert "1 not pinned (good/own.png)" in said
    (project / "mine" / "good" / "own.png").unlink()
    # As after a kill between the addition and the pin: the next one brings the pin up to date.
    said = graft("data", "add", project / "back", "--data", project / "mine")
    assert "mine.dvc pins the new state" in said
    assert "up to date" in dvc(project, "status")


def test_without_dvc_there_is_no_pin(project: Path) -> None:
    assert pinning.find_pin(project / "mine") is None
    (project / ".dvc").mkdir()
    assert pinning.find_pin(project / "mine") is None
    (project / "broken.dvc").write_text("outs: [")
    (project / "other.dvc").write_text("outs:\n- path: other\n  md5: 0.dir\n")
    assert pinning.find_pin(project / "mine") is None
