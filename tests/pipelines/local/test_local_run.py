"""The pipeline as a user runs it, on tiny pictures: both branches, a stop, a second start."""

import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from local_runs import SETTINGS, Published, graft, versions

from components.common.step_record import StepRecord
from pipelines.local.records import snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def run(home: Path, line: list[str]) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(line, cwd=home, capture_output=True, text=True, check=False)


def records(home: Path) -> dict[str, StepRecord]:
    return {record.step: record for record in snapshot(home / "runs" / "latest").records}


def summary(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / "runs" / "latest" / "run.json").read_text()))


@pytest.fixture(scope="module")
def first(published: Published) -> dict[str, StepRecord]:
    """The records of the whole run, before others follow in the same home."""
    return records(published.home)


def test_a_run_stopped_in_the_background_says_so_and_leaves_nothing_behind(
    published: Published,
) -> None:
    assert json.loads(published.after_stop)["state"] == "interrupted"
    assert "stopped; the same command goes on where it was" in published.said_at_stop
    assert published.versions_after_stop == ()


def test_a_run_after_an_interrupted_one_deploys_and_answers(
    published: Published, first: dict[str, StepRecord]
) -> None:
    home, output = published.home, published.done.stdout
    assert first["gate"].result == "deploy"
    assert first["deploy"].state == "done"
    assert versions(home) == ("1",)
    assert summary(home)["state"] == "done"
    # Cross-validated: the shipped model is fitted on all there are.
    assert "pictures that it has learnt, asked of version 1" in output
    assert "found: 128 pictures, 2 classes" in output
    assert "verdict: deploy, pictures is published as version 1" in output
    assert "It is published as the first version." in output
    assert output.splitlines()[-1] == "next     graft up"
    checks = (home / "runs" / "latest" / "checks.html").read_text(encoding="utf-8")
    assert checks.startswith("<!doctype html>")
    report = (home / "runs" / "latest" / "report.html").read_text(encoding="utf-8")
    assert "data:image/png;base64" in report
    assert report.index("Deploy: this model") < report.index("Of 100 new pictures")
    assert summary(home)["report"].endswith("verdict/report.html")


def test_a_dashboard_gets_confusions_a_curve_and_pages(published: Published) -> None:
    run_dir = next(iter((published.home / "runs" / "latest").rglob("gate"))).parent
    shown = {
        name: artifact
        for step in ("evaluate", "gate")
        for name, artifact in _written(run_dir / step / "executor_output.json").items()
    }
    classification = shown["classification"]["metadata"]
    assert len(classification["confusionMatrix"]["rows"]) == 2
    assert classification["confidenceMetrics"][-1]["recall"] == 1.0
    for name in ("evaluate", "gate"):
        page = run_dir / name / "report"
        assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


def _written(path: Path) -> dict[str, Any]:
    """Return the artifacts that a task has told kfp.local of, by name."""

    def refuse(word: str) -> None:
        raise AssertionError(f"a dashboard's JSON knows no {word}")

    told = json.loads(path.read_text(), parse_constant=refuse)
    return {name: listed["artifacts"][0] for name, listed in told["artifacts"].items()}


def test_the_version_leads_back_to_the_hash_of_every_picture(
    published: Published, tiny_pictures: Path
) -> None:
    words = [sys.executable, "-m", "pipelines.cli", "lineage", "1", "--model-name", "pictures"]
    done = run(published.home, [*words, "--json", "--verify"])
    assert done.returncode == 0, done.stdout + done.stderr
    known = json.loads(done.stdout)
    assert known["missing"] == []
    pictures = {
        hashlib.sha256(path.read_bytes()).hexdigest() for path in tiny_pictures.rglob("*.png")
    }
    assert {row["sha256"] for row in known["pictures"]} == pictures
    assert known["artifacts"][0]["link"]["producer"] == "export"


def test_the_rebuild_commands_make_the_same_model(published: Published) -> None:
    base = published.home / "serving" / "models" / "pictures"
    passport = json.loads((base / "passports" / "1.json").read_text())
    commands = [line for line in passport["rebuild"] if line.startswith("graft ")]
    assert [line.split()[1] for line in commands] == ["run", "passport"]
    before = records(published.home)
    for line in commands:
        words = [sys.executable, "-m", "pipelines.cli", *shlex.split(line)[1:]]
        done = run(published.home, words)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "the same model" in done.stdout
    # Made from nothing that was there: only then the digest says something.
    states = {record.state for record in records(published.home).values()}
    assert states == {"done"}, states
    assert before != records(published.home)
    assert versions(published.home) == ("1",)


def test_a_person_deploys_what_the_gate_held_back(
    published: Published, tiny_pictures: Path, tmp_path: Path
) -> None:
    cache = str(published.home / ".graft" / "cache")
    settings = (*SETTINGS, "gate.min_test_pictures=1000")
    words = ("--cache-dir", cache, "--no-serve-check")
    done = run(tmp_path, graft("run", tiny_pictures, *words, settings=settings))
    assert done.returncode == 0, done.stdout + done.stderr
    assert records(tmp_path)["gate"].result == "insufficient"
    assert versions(tmp_path) == ()
    said = ["gate", "override", "latest", "--reason", "A pilot.", "--by", "Ada"]
    done = run(tmp_path, [sys.executable, "-m", "pipelines.cli", *said])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "version 1 of pictures serves, against the gate's word" in done.stdout
    assert versions(tmp_path) == ("1",)
    left = summary(tmp_path)
    assert (left["deployed_version"], left["verdict"]["word"]) == (1, "insufficient")
    assert left["verdict"]["override"]["reason"] == "A pilot."
    page = tmp_path / "serving" / "models" / "pictures" / "passports" / "1.html"
    assert "Overridden by Ada" in page.read_text()


def test_what_the_interrupted_run_finished_was_reused(first: dict[str, StepRecord]) -> None:
    assert first["ingest"].state == "reused"
    assert first["validate"].state == "reused"


def test_an_unchanged_run_reuses_ingest_to_export_and_what_is_held_is_not_published(
    published: Published, first: dict[str, StepRecord], tiny_pictures: Path
) -> None:
    done = run(published.home, graft("run", tiny_pictures))
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(published.home)
    states = {step: left[step].state for step in ("ingest", "validate", "augment", "train")}
    assert set(states.values()) == {"reused"}, states
    assert left["export"].state == "reused"
    # A version was published since the first run, which the candidate is compared with.
    assert left["evaluate"].state == "done"
    assert left["gate"].result == "hold"
    assert "deploy" not in left
    assert versions(published.home) == ("1",)
    # It was asked by the first run.
    assert "nothing has changed since" not in " ".join(published.done.stdout.split())
    assert "nothing has changed since" in " ".join(done.stdout.split())

    done = run(published.home, graft("run", tiny_pictures))
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(published.home)
    assert left["evaluate"].state == "reused"
    assert left["gate"].result == "hold"


def test_steps_start_warm_and_no_process_is_left(
    published: Published, first: dict[str, StepRecord]
) -> None:
    assert first["export"].state == "done"
    log = (published.home / "runs" / "latest" / "kfp.log").read_text()
    assert "no warm start" not in log
    places = Path("/proc").glob("[0-9]*/cwd")
    assert not [path for path in places if path.exists() and path.samefile(published.home)]


def test_rubbish_ends_with_code_2_and_the_steps_own_words_once(
    tmp_path: Path, tiny_pictures: Path
) -> None:
    folder = tmp_path / "text as a picture"
    for name in ("good", "bad"):
        (folder / name).mkdir(parents=True)
        picture = next((tiny_pictures / "good").glob("*.png"))
        for number in range(4):
            (folder / name / f"{number}.png").write_bytes(picture.read_bytes())
    (folder / "bad" / "note.png").write_text("this is text")
    done = run(tmp_path, graft("run", folder))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "bad/note.png (bytes that no decoder knows)" in " ".join(done.stderr.split())
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    left = summary(tmp_path)
    assert left["state"] == "failed"
    assert " ".join(output.split()).count(" ".join(left["error"].split())) == 1
