"""A finished run's model evaluated once more: another page, and nothing of the run changed."""

import json
from pathlib import Path

import pytest
from brightness_model import write_dataset, write_export
from tiny_candidate import write_candidate
from typer.testing import CliRunner

from components.common import config
from components.common.artifacts.inspection import Inspection, InspectionInfo
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.records import tree_sha256, write_record
from components.common.errors import DataError, InputError
from components.common.run_context import RunContext
from components.common.run_summary import summarise, write_summary
from components.common.step_record import StepRecord
from components.evaluate.config import EvaluateConfig
from pipelines.cli import app
from pipelines.local.evaluate_again import FOLDER, evaluate_again

pytestmark = pytest.mark.slow


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    run_dir = tmp_path / "runs" / "r1"
    artifacts = run_dir / "artifacts"
    export = write_export(artifacts / "exported")
    write_dataset(artifacts / "validated")
    write_candidate(artifacts / "candidate", export.info.classes)
    Inspection(artifacts / "inspection", InspectionInfo()).write()
    (run_dir / "steps").mkdir()
    outputs = {"inspect": "inspection"} | {
        "export": "exported",
        "validate": "validated",
        "train": "candidate",
    }
    for step, output in outputs.items():
        record = StepRecord(
            step=step,
            state="done",
            started_unix_s=1.0,
            outputs={output: str(artifacts / output)},
        )
        write_record(run_dir / "steps" / f"{step}.json", record)
    sections = {
        "run": RunContext(run_id="r1", run_dir=str(run_dir)),
        "evaluate": EvaluateConfig(
            model_base_path=str(tmp_path / "models"), explained_pictures=1, faulty_pictures=5
        ),
    }
    plain = {name: config.to_plain(section) for name, section in sections.items()}
    (run_dir / "arguments.json").write_text(json.dumps(plain))
    write_summary(summarise(run_dir, "done"), run_dir)
    return run_dir


def test_all_pictures_get_every_fault_at_every_severity(run_dir: Path) -> None:
    before = {name: tree_sha256(run_dir / name) for name in ("artifacts", "steps")}
    done = CliRunner().invoke(app, ["evaluate", "r1", "--full", "--runs-dir", str(run_dir.parent)])
    assert done.exit_code == 0, done.output
    assert f"report: {run_dir / FOLDER / 'report.html'}" in done.output
    info = Evaluation.read(run_dir / FOLDER).info
    assert {one.pictures for one in info.robustness} == {12}
    assert len(info.robustness) == 11 * 5
    assert len(info.explanations) == 8
    assert before == {name: tree_sha256(run_dir / name) for name in ("artifacts", "steps")}


def test_a_run_that_has_not_ended_or_has_lost_its_model_is_refused(run_dir: Path) -> None:
    (run_dir / "artifacts" / "exported").rename(run_dir / "elsewhere")
    with pytest.raises(DataError, match="the exported of the run"):
        evaluate_again("r1", runs_dir=run_dir.parent, full=True)
    (run_dir / "run.json").unlink()
    with pytest.raises(InputError, match="one that has not"):
        evaluate_again("r1", runs_dir=run_dir.parent, full=True)
    with pytest.raises(InputError, match="newest: r1"):
        evaluate_again("r2", runs_dir=run_dir.parent, full=True)
