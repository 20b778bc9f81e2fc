"""`graft monitor` as a user runs it, on tiny pictures: both branches of the DAG really run."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from decision_lines import looks
from local_runs import SETTINGS as RUN_SETTINGS
from local_runs import Published, graft

from components.common.artifacts.model_folder import candidate_path, reference_path
from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.common.step_record import StepRecord
from pipelines.local.records import snapshot

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SETTINGS = (
    *RUN_SETTINGS,
    "monitor.detect.null_windows=100",
    "monitor.detect.detectors=[shifted_features]",
    "monitor.policy.min_pictures=5",
)
# Any alarm is worth a run, with what is there to learn from.
EAGER = (
    "monitor.harm.min_pictures=2",
    "monitor.harm.harmful_points=-100",
    "monitor.policy.min_new_labels=0",
    "monitor.policy.cool_down_h=0",
    "monitor.policy.max_runs_per_week=9",
)


def look(
    home: Path, pictures: Path, *words: str, settings: Sequence[str] = SETTINGS
) -> "subprocess.CompletedProcess[str]":
    line = graft(words[0], pictures, *words[1:], settings=settings)
    environment = {name: value for name, value in os.environ.items() if name != "GRAFT_WEBHOOK_URL"}
    done = subprocess.run(
        line, cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


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
def home(tmp_path_factory: pytest.TempPathFactory, published: Published) -> Path:
    """A home of its own with the published version and what the steps keep for later runs."""
    folder = tmp_path_factory.mktemp("watched")
    for name in ("serving", ".graft"):
        shutil.copytree(published.home / name, folder / name)
    assert candidate_path(model_dir(folder), 1).is_dir()
    return folder


def summary(home: Path) -> dict[str, Any]:
    return dict(json.loads((home / "runs" / "latest" / "run.json").read_text()))


def test_a_harmless_look_trains_nothing(home: Path, tiny_pictures: Path) -> None:
    write_log(home, moved=0.0)
    done = look(home, tiny_pictures, "monitor")
    left = records(home)
    assert left["monitor"].result == "keep"
    assert set(left) == {"monitor", "notify"}
    assert "version 1: keep" in done.stdout
    assert (home / "runs" / "latest" / "drift.html").exists()
    shown = next((home / "runs" / "latest").rglob("monitor/report"))
    assert shown.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert summary(home)["drift"]["decision"]["word"] == "keep"


def test_a_fault_of_the_camera_asks_for_hands_and_trains_nothing(
    home: Path, tiny_pictures: Path
) -> None:
    write_log(home, moved=50.0, darkened=100.0)
    look(home, tiny_pictures, "watch", "--once", settings=(*SETTINGS, *EAGER))
    left = records(home)
    assert left["monitor"].result == "fix_camera"
    assert set(left) == {"monitor", "notify"}
    page = (home / "runs" / "latest" / "drift.html").read_text()
    assert "the model is not at fault" in page


def test_a_harmful_look_trains_from_what_serves(home: Path, tiny_pictures: Path) -> None:
    write_log(home, moved=50.0)
    look(home, tiny_pictures, "watch", "--once", settings=(*SETTINGS, *EAGER))
    left = records(home)
    assert left["monitor"].result == "retrain"
    assert left["gate"].result in {"deploy", "hold", "insufficient"}
    log = (home / "runs" / "latest" / "steps" / "train.log").read_text()
    assert f"warm start from {model_dir(home)}" in log
    given = json.loads((home / "runs" / "latest" / "arguments.json").read_text())
    assert given["train"]["warm_start"] == str(model_dir(home))
    assert [one["word"] for one in looks(model_dir(home))] == [
        "keep",
        "fix_camera",
        "retrain",
    ]
    assert summary(home)["verdict"]["word"] == left["gate"].result
