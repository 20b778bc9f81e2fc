from pathlib import Path

import pytest

from components.common.artifacts.records import write_record
from components.common.progress import Progress
from components.common.step_record import StepRecord
from pipelines.local.records import snapshot
from pipelines.local.run import PipelineFailedError, _check


def leave(run_dir: Path, step: str, state: str, **facts: object) -> None:
    (run_dir / "steps").mkdir(exist_ok=True)
    record = StepRecord(step=step, state=state, started_unix_s=0.0, **facts)  # type: ignore[arg-type]
    write_record(run_dir / "steps" / f"{step}.json", record)


def test_snapshot_reads_records_in_order_and_the_running_steps_progress(tmp_path: Path) -> None:
    leave(tmp_path, "validate", "running")
    leave(tmp_path, "ingest", "done", outputs={"dataset": "x"})
    write_record(tmp_path / "steps" / "validate.progress", Progress("decoding", 3, 9))
    seen = snapshot(tmp_path)
    assert [record.step for record in seen.records] == ["ingest", "validate"]
    assert seen.progress == Progress("decoding", 3, 9)
    assert seen.output("ingest", "dataset") == Path("x")


def test_half_written_progress_is_no_error(tmp_path: Path) -> None:
    leave(tmp_path, "ingest", "running")
    (tmp_path / "steps" / "ingest.progress").write_text('{"act')
    assert snapshot(tmp_path).progress is None


def test_a_failed_step_ends_the_run_with_its_words_and_code(tmp_path: Path) -> None:
    leave(tmp_path, "ingest", "failed", error="expected pictures, received none", exit_code=2)
    with pytest.raises(PipelineFailedError, match="'ingest' failed: expected pictures") as caught:
        _check(snapshot(tmp_path), 1, tmp_path / "kfp.log")
    assert caught.value.exit_code == 2


def test_a_swallowed_condition_is_noticed(tmp_path: Path) -> None:
    leave(tmp_path, "gate", "done", result="deploy")
    with pytest.raises(PipelineFailedError, match="exactly when the gate says 'deploy'"):
        _check(snapshot(tmp_path), 0, tmp_path / "kfp.log")
    leave(tmp_path, "deploy", "done")
    _check(snapshot(tmp_path), 0, tmp_path / "kfp.log")


def test_a_deployment_without_a_passed_gate_is_noticed(tmp_path: Path) -> None:
    leave(tmp_path, "gate", "done", result="hold")
    leave(tmp_path, "deploy", "done")
    with pytest.raises(PipelineFailedError, match="exactly when"):
        _check(snapshot(tmp_path), 0, tmp_path / "kfp.log")
