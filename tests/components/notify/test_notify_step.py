import json
import logging
import time
from pathlib import Path

import pandas as pd
import pytest

from components.common import config
from components.common.artifacts.deployment import Deployment, DeploymentInfo
from components.common.artifacts.judging.evaluation import Evaluation, EvaluationInfo
from components.common.artifacts.judging.figures import Metric
from components.common.artifacts.judging.verdict import Verdict, VerdictInfo
from components.common.artifacts.lineage import Provenance
from components.common.artifacts.records import PROVENANCE, write_record
from components.common.artifacts.run_summary import read_summary
from components.common.run_context import RunContext
from components.common.run_summary import summarise, write_summary
from components.common.step import Nothing
from components.common.step_record import StepRecord
from components.notify.component import notify
from components.notify.config import NotifyConfig
from components.notify.step import NotifyInputs, run


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    """A run whose gate said deploy."""
    folder = tmp_path / "run-1"
    evaluation = Evaluation(
        folder / "evaluation",
        EvaluationInfo(
            classes=("good", "bad"),
            positive="bad",
            pictures=40,
            groups=8,
            metrics=(Metric(name="accuracy", value=0.9, low=0.8, high=0.95),),
        ),
    )
    evaluation.write(pd.DataFrame({"path": ["pictures/0.png"]}))
    evaluation.report_path.write_text("<html></html>")
    Verdict(folder / "verdict", VerdictInfo(word="deploy", reasons=("It is good.",))).write()
    Deployment(
        folder / "deployment",
        DeploymentInfo(
            model_name="solar",
            model_base_path="/models",
            version=4,
            previous_version=3,
            model_sha256="c" * 64,
            server="",
            rehearsal=(),
            confirmation=(),
            passport="/models/solar/passports/4.json",
        ),
    ).write()
    write_record(
        folder / "evaluation" / PROVENANCE,
        Provenance(
            step="evaluate",
            run_id="id",
            commit="abc",
            data_sha256="dd",
            config="{}",
            inputs={},
            content_sha256="ee",
        ),
    )
    note(folder, "evaluate", started=100.0, seconds=20.0, outputs={"evaluation": "evaluation"})
    note(folder, "gate", started=121.0, result="deploy", outputs={"verdict": "verdict"})
    note(folder, "deploy", started=123.0, seconds=7.0, outputs={"deployment": "deployment"})
    return folder


def note(
    run_dir: Path,
    step: str,
    *,
    started: float = 0.0,
    seconds: float = 1.0,
    state: str = "done",
    error: str = "",
    exit_code: int = 0,
    result: str = "",
    outputs: dict[str, str] | None = None,
) -> None:
    (run_dir / "steps").mkdir(parents=True, exist_ok=True)
    record = StepRecord(
        step=step,
        state=state,
        started_unix_s=started,
        seconds=seconds,
        error=error,
        exit_code=exit_code,
        result=result,
        outputs={name: str(run_dir / folder) for name, folder in (outputs or {}).items()},
    )
    write_record(run_dir / "steps" / f"{step}.json", record)


def context(run_dir: Path | str) -> RunContext:
    return RunContext(run_id="id", commit="abc", config_sha256="ff", run_dir=str(run_dir))


def tell(state: str, error: str, where: RunContext, settings: NotifyConfig) -> None:
    run(settings, NotifyInputs(state=state, error=error), Nothing(), where)


def test_a_run_that_deployed(run_dir: Path) -> None:
    tell("SUCCEEDED", "", context(run_dir), NotifyConfig())

    summary = read_summary(run_dir)
    assert (summary.state, summary.error, summary.exit_code) == ("done", "", 0)
    assert [step.step for step in summary.steps] == ["evaluate", "gate", "deploy"]
    assert summary.verdict is not None
    assert summary.verdict.reasons == ("It is good.",)
    assert (summary.deployed_version, summary.deployed_path) == (4, "/models/solar/4")
    assert summary.metrics[0].value == 0.9
    assert summary.seconds == 30.0
    assert summary.artifacts["gate.verdict"] == str(run_dir / "verdict")
    assert summary.report.endswith("report.html")
    assert (summary.run_id, summary.commit, summary.config_sha256) == ("id", "abc", "ff")
    assert summary.notes == ()


def test_a_failed_step_is_named_with_its_words_and_exit_code(run_dir: Path) -> None:
    note(run_dir, "deploy", started=123.0, state="failed", error="expected space", exit_code=2)

    tell("FAILED", "Task exit-handler-1 failed.", context(run_dir), NotifyConfig())

    summary = read_summary(run_dir)
    assert (summary.state, summary.failed_step) == ("failed", "deploy")
    assert (summary.error, summary.exit_code) == ("expected space", 2)
    assert summary.deployed_version == 0


def test_a_killed_step_is_not_taken_for_running(run_dir: Path) -> None:
    note(run_dir, "deploy", started=time.time() - 5, state="running")

    summary = summarise(run_dir, "failed")

    assert summary.steps[-1].state == "interrupted"
    assert summary.failed_step == "deploy"
    assert "memory" in summary.error
    assert summary.exit_code == 1
    assert summary.seconds > 1000


def test_an_interrupted_run_keeps_its_state_and_finds_its_provenance(run_dir: Path) -> None:
    (run_dir / "steps" / "deploy.json").unlink()

    write_summary(summarise(run_dir, "interrupted"), run_dir)

    summary = read_summary(run_dir)
    assert (summary.state, summary.exit_code) == ("interrupted", 1)
    assert (summary.run_id, summary.commit, summary.data_sha256) == ("run-1", "abc", "dd")


def test_nothing_has_started(tmp_path: Path) -> None:
    summary = summarise(tmp_path, "interrupted")

    assert (summary.steps, summary.seconds, summary.verdict) == ((), 0.0, None)


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("steps/gate.json", "{"),
        ("steps/gate.json", '{"step": 3}'),
        ("verdict/verdict.json", '{"word": "perhaps", "reasons": []}'),
        ("evaluation/evaluation.json", "[]"),
        ("deployment/deployment.json", ""),
        ("evaluation/provenance.json", "null"),
    ],
)
def test_damaged_records_do_not_stop_the_summary(run_dir: Path, path: str, content: str) -> None:
    (run_dir / path).write_text(content)

    tell("SUCCEEDED", "", context(run_dir), NotifyConfig())

    summary = read_summary(run_dir)
    assert summary.state == "done"
    assert len(summary.steps) >= 2
    if not path.endswith(PROVENANCE):
        damaged = path if path.startswith("steps") else path.split("/")[0]
        assert any(str(run_dir / damaged) in text for text in summary.notes)
    assert summarise(run_dir, "done").state == "done"


def test_an_artifact_that_is_gone_is_noted(run_dir: Path) -> None:
    (run_dir / "verdict" / "verdict.json").unlink()

    summary = summarise(run_dir, "done")

    assert summary.verdict is None
    assert "verdict" in summary.notes[0]


def test_a_cluster_run_without_a_store_logs_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.INFO):
        tell("FAILED", "", context(""), NotifyConfig())

    assert "run id: failed" in caplog.text and "on no shared volume" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_the_component_takes_the_pipelines_final_status(run_dir: Path) -> None:
    from kfp.dsl import PipelineTaskFinalStatus

    status = PipelineTaskFinalStatus(
        state="SUCCEEDED",
        pipeline_job_resource_name="local-pipeline",
        pipeline_task_name="training",
        error_code=None,
        error_message=None,
    )

    notify.python_func(
        status=status,
        settings=config.to_plain(NotifyConfig()),
        run=config.to_plain(context(run_dir)),
    )

    assert read_summary(run_dir).state == "done"
    assert "notify" not in [step.step for step in read_summary(run_dir).steps]
    log = (run_dir / "steps" / "notify.log").read_text()
    assert "verdict: deploy" in log
    assert "- It is good." in log
    assert json.loads((run_dir / "steps" / "notify.json").read_text())["state"] == "done"
