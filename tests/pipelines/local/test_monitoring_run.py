"""`graft monitor` as a user runs it, on tiny pictures: both branches of the DAG really run."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.common.artifacts.model_folder import candidate_path, reference_path
from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.common.step_record import StepRecord
from components.monitor.decide.history import DecisionHistory
from pipelines.local.records import snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[3]
SETTINGS = (
    "train.weights=none",
    "train.method=linear_probe",
    "augment.image_size_px=32",
    "augment.views=1",
    "gate.thresholds=[]",
    "gate.min_test_pictures=8",
    "gate.min_per_class=2",
    "gate.min_groups=2",
    "validate.min_size_px=16",
    # What a network without weights loses to a fault is all or nothing: a map learnt from that, on
    # seven groups, is points off where nothing has changed.
    "reference.harm_pictures=0",
    "monitor.detect.null_windows=100",
    "monitor.detect.detectors=[shifted_features]",
    "monitor.policy.min_pictures=5",
)
# Any alarm is worth a run, with what is there to learn from.
EAGER = (
    "monitor.harm.min_pictures=2",
    "monitor.policy.retrain_loss_points=-100",
    "monitor.policy.retrain_low_points=-100",
    "monitor.policy.min_new_labels=0",
    "monitor.policy.cool_down_h=0",
    "monitor.policy.max_runs_per_week=9",
)


def graft(home: Path, command: str, *words: str) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "pipelines.cli", command, *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("GRAFT_WEBHOOK_URL", None)
    return subprocess.run(
        line, cwd=home, env=environment, capture_output=True, text=True, check=False
    )


def with_settings(*assignments: str) -> list[str]:
    return [word for one in (*SETTINGS, *assignments) for word in ("--set", one)]


def records(home: Path) -> dict[str, StepRecord]:
    last = snapshot(home / "runs" / "latest", "monitoring")
    return {record.step: record for record in last.records}


def model_dir(home: Path) -> Path:
    return home / "serving" / "models" / "pictures"


def write_log(home: Path, *, moved: float, darkened: float = 0.0) -> None:
    """Log what the reference saw, as if asked within the last minutes; embeddings may move."""
    seen = pq.read_table(reference_path(model_dir(home), 1) / "observations.parquet").to_pandas()
    seen = seen[seen["embedding"].notna()].reset_index(drop=True)
    seen["version"], seen["status"], seen["interface"] = 1, 200, "REST"
    seen["time_unix_s"] = time.time() - 600.0 + seen.index
    seen["request_id"] = [f"{moved}-{row}" for row in seen.index]
    seen["embedding"] = [vector + moved for vector in seen["embedding"]]
    for name in ("s_mean", "s_dark", "s_bright"):
        seen[name] -= darkened
    folder = home / ".graft" / "predictions" / "pictures" / "2026-01-05"
    folder.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(seen[SCHEMA.names], SCHEMA, preserve_index=False)
    pq.write_table(table, folder / "part.parquet")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, tiny_pictures: Path) -> Path:
    """A home with a published version."""
    folder = tmp_path_factory.mktemp("home")
    words = ("--data", str(tiny_pictures), "--no-serve-check", *with_settings())
    done = graft(folder, "run", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    assert candidate_path(model_dir(folder), 1).is_dir()
    return folder


def summary(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / "runs" / "latest" / "run.json").read_text()))


def test_a_harmless_look_trains_nothing(home: Path, tiny_pictures: Path) -> None:
    write_log(home, moved=0.0)
    done = graft(home, "monitor", "--data", str(tiny_pictures), *with_settings())
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(home)
    assert left["monitor"].result == "keep"
    assert set(left) == {"monitor", "notify"}
    assert "version 1: keep" in done.stdout
    assert (home / "runs" / "latest" / "drift.html").exists()
    assert summary(home)["drift"]["decision"]["word"] == "keep"


def test_a_fault_of_the_camera_asks_for_hands_and_trains_nothing(
    home: Path, tiny_pictures: Path
) -> None:
    write_log(home, moved=50.0, darkened=100.0)
    done = graft(home, "watch", "--once", "--data", str(tiny_pictures), *with_settings(*EAGER))
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(home)
    assert left["monitor"].result == "fix_camera"
    assert set(left) == {"monitor", "notify"}
    told = (home / "runs" / "latest" / "drift.html").read_text()
    assert "the model is not at fault" in told


def test_a_harmful_look_trains_from_what_serves(home: Path, tiny_pictures: Path) -> None:
    write_log(home, moved=50.0)
    done = graft(home, "watch", "--once", "--data", str(tiny_pictures), *with_settings(*EAGER))
    assert done.returncode == 0, done.stdout + done.stderr
    left = records(home)
    assert left["monitor"].result == "retrain"
    assert left["gate"].result in {"deploy", "hold", "insufficient"}
    log = (home / "runs" / "latest" / "steps" / "train.log").read_text()
    assert f"warm start from {model_dir(home)}" in log
    given = json.loads((home / "runs" / "latest" / "arguments.json").read_text())
    assert given["train"]["warm_start"] == str(model_dir(home))
    assert [one.word for one in DecisionHistory(model_dir(home)).entries()] == [
        "keep",
        "fix_camera",
        "retrain",
    ]
    assert summary(home)["verdict"]["word"] == left["gate"].result
