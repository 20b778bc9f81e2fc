"""`graft tune` as a user runs it, on tiny pictures: stopped midway, then through to a version."""

import json
import re
import signal
import subprocess
from pathlib import Path

import pytest
from local_runs import graft, stop

from components.common.artifacts.tuning.selection import Selection, SelectionInfo
from pipelines.local.records import Snapshot, snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SETTINGS = (
    "model_name=pictures",
    "train.weights=none",
    "train.flips=1",
    "augment.views=1",
    "gate.thresholds=[]",
    "gate.min_test_pictures=8",
    "gate.min_per_class=2",
    "gate.min_groups=2",
    "validate.min_size_px=16",
    "tune.plan.finalists=2",
    # A machine that others use too must not fail the test.
    "tune.plan.reserve_min=0",
    "tune.select.timed_pictures=3",
)


def command(pictures: Path) -> list[str]:
    words = ["--backbones", "mobilenet_v2/0.35", "--sizes", "32,40", "--methods", "linear_probe"]
    words += ["--budget-min", "60", "--no-serve-check"]
    return graft("tune", pictures, *words, settings=SETTINGS)


def latest(home: Path) -> Snapshot:
    return snapshot(home / "runs" / "latest", "tuning")


def finished_finalists(home: Path) -> list[str]:
    return [one.step for one in latest(home).records_of("train") if one.state == "done"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tuning")


@pytest.fixture(scope="module")
def stopped(home: Path, tiny_pictures: Path) -> list[str]:
    """Stop a run once its first finalist is trained; return what was trained by then."""

    def first_is_trained() -> bool:
        return (home / "runs" / "latest").exists() and bool(finished_finalists(home))

    stop(command(tiny_pictures), home, when=first_is_trained, by=signal.SIGINT)
    return finished_finalists(home)


@pytest.fixture(scope="module")
def second(home: Path, tiny_pictures: Path, stopped: list[str]) -> str:
    """The run after the stopped one; its output."""
    done = subprocess.run(
        command(tiny_pictures), cwd=home, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def selection(home: Path, second: str) -> SelectionInfo:
    return Selection.read(latest(home).output("select", "selection")).info


def test_what_the_stopped_run_finished_is_reused(
    home: Path, stopped: list[str], second: str
) -> None:
    states = {record.step: record.state for record in latest(home).records}
    assert states["rank"] == "reused"
    assert len(stopped) == 1
    assert states[stopped[0]] == "reused"
    assert sorted(states[one] for one in states if one.startswith("train@")) == ["done", "reused"]


def test_every_finalist_was_trained_at_its_own_size(selection: SelectionInfo) -> None:
    sizes = {found[1] for one in selection.measured if (found := re.search(r"(\d+) px", one.name))}
    assert sizes == {"32", "40"}
    assert all(one.latency_ms > 0 and one.size_mb > 0 for one in selection.measured)


def test_the_winner_is_judged_and_published(
    home: Path, second: str, selection: SelectionInfo
) -> None:
    run = latest(home)
    gate = run.record("gate")
    assert gate is not None and gate.result == "deploy"
    versions = home / "serving" / "models" / "pictures"
    assert [path.name for path in versions.iterdir() if path.name.isdigit()] == ["1"]
    winner = json.loads((run.output("select", "candidate") / "candidate.json").read_text())
    name = selection.of(selection.winner).name
    assert name.startswith(f"{winner['backbone']} {winner['image_size_px']} px")
    assert selection.of(selection.winner).name in " ".join(second.split())


def test_the_report_stands_alone(home: Path, second: str) -> None:
    page = (home / "runs" / "latest" / "tuning.html").read_text()
    assert "data:image/png;base64" in page
    assert "What was left out" in page
    assert "http://" not in page and "https://" not in page
