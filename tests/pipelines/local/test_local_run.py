"""The pipeline as a user runs it, on tiny pictures: both branches, a stop, a second start."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from components.common.step_record import StepRecord
from pipelines.local.records import snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SETTINGS = (
    "train.weights=none",
    "train.method=linear_probe",
    "augment.image_size_px=32",
    "augment.views=2",
    # Which branch runs is what is tested, not how good random features are.
    "gate.thresholds=[]",
    "gate.min_test_pictures=8",
    "gate.min_per_class=2",
    "gate.min_groups=2",
    "validate.min_size_px=16",
)


def command(pictures: Path, *assignments: str) -> list[str]:
    words = [sys.executable, "-m", "pipelines.cli", "run", "--data", str(pictures)]
    for assignment in (*SETTINGS, *assignments):
        words += ["--set", assignment]
    return words


def run(home: Path, pictures: Path, *assignments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command(pictures, *assignments), cwd=home, capture_output=True, text=True, check=False
    )


def records(home: Path) -> dict[str, StepRecord]:
    return {record.step: record for record in snapshot(home / "runs" / "latest").records}


def summary(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / "runs" / "latest" / "run.json").read_text()))


def versions(home: Path) -> list[str]:
    base = home / "serving" / "models" / "pictures"
    return sorted(path.name for path in base.glob("*") if path.name.isdigit())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(home: Path, tiny_pictures: Path) -> "subprocess.CompletedProcess[str]":
    """A stopped run, then a whole one."""
    process = subprocess.Popen(
        command(tiny_pictures), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and process.poll() is None:
        if (home / "runs" / "latest" / "steps" / "augment.json").exists():
            break
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=180)
    assert process.returncode == 130
    assert summary(home)["state"] == "interrupted"
    assert versions(home) == []
    return run(home, tiny_pictures)


def test_a_run_after_an_interrupted_one_deploys_and_answers(
    first: "subprocess.CompletedProcess[str]", home: Path
) -> None:
    assert first.returncode == 0, first.stdout + first.stderr
    left = records(home)
    assert left["gate"].result == "deploy"
    assert left["deploy"].state == "done"
    assert versions(home) == ["1"]
    assert summary(home)["state"] == "done"
    assert "held-out pictures, asked of version 1" in first.stdout
    assert "verdict: deploy" in first.stdout
    report = next((home / "runs" / "latest").rglob("report.html"))
    assert "data:image/png;base64" in report.read_text()


def test_the_version_leads_back_to_the_hash_of_every_picture(
    first: "subprocess.CompletedProcess[str]", home: Path, tiny_pictures: Path
) -> None:
    assert first.returncode == 0
    words = [sys.executable, "-m", "pipelines.cli", "lineage", "1", "--model-name", "pictures"]
    done = subprocess.run(
        [*words, "--json", "--verify"], cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["missing"] == []
    pictures = {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in tiny_pictures.rglob("*.png")
    }
    assert {row["sha256"] for row in told["pictures"]} == pictures
    assert told["artifacts"][0]["link"]["producer"] == "export"


def test_what_the_interrupted_run_finished_was_reused(
    first: "subprocess.CompletedProcess[str]", home: Path
) -> None:
    assert first.returncode == 0
    left = records(home)
    assert left["ingest"].state == "reused"
    assert left["validate"].state == "reused"


def test_a_candidate_below_the_threshold_is_held_and_nothing_is_published(
    first: "subprocess.CompletedProcess[str]", home: Path, unlearnable_pictures: Path
) -> None:
    assert first.returncode == 0
    threshold = 'gate.thresholds=[{"metric": "accuracy", "at_least": 0.99}]'
    done = run(home, unlearnable_pictures, threshold)
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(home)
    assert left["gate"].result == "hold"
    assert "deploy" not in left
    assert versions(home) == ["1"]


def test_an_unchanged_run_reuses_ingest_to_export_and_says_nothing_is_new(
    first: "subprocess.CompletedProcess[str]", home: Path, tiny_pictures: Path
) -> None:
    assert first.returncode == 0
    done = run(home, tiny_pictures)
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(home)
    states = {step: left[step].state for step in ("ingest", "validate", "augment", "train")}
    assert set(states.values()) == {"reused"}, states
    assert left["export"].state == "reused"
    assert left["gate"].result == "hold"
    assert versions(home) == ["1"]


@pytest.mark.parametrize(
    ("rubbish", "words"),
    [
        ("empty", "expected"),
        ("one_class", "expected"),
        ("text_as_png", "readable"),
    ],
)
def test_rubbish_ends_with_code_2_and_the_steps_own_words(
    tmp_path: Path, rubbish: str, words: str, tiny_pictures: Path
) -> None:
    folder = tmp_path / rubbish
    folder.mkdir()
    if rubbish != "empty":
        (folder / "good").mkdir()
        picture = next((tiny_pictures / "good").glob("*.png"))
        for number in range(4):
            (folder / "good" / f"{number}.png").write_bytes(picture.read_bytes())
    if rubbish == "text_as_png":
        (folder / "bad").mkdir()
        (folder / "bad" / "note.png").write_text("this is text")
    done = run(tmp_path, folder)
    assert done.returncode == 2, done.stdout + done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert summary(tmp_path)["state"] == "failed"
