"""What people hear of a run on Kubeflow: the exit step, called as Kubeflow's executor calls it."""

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from camera_look import camera_look
from kfp.dsl.executor import Executor
from kubeflow_record import final_status, kubeflow
from message_receivers import Webhook, webhook

from components.common import config
from components.common.artifacts.deployment import Deployment, DeploymentInfo
from components.common.artifacts.judging.verdict import Verdict, VerdictInfo
from components.common.artifacts.monitoring.drift_report import (
    DriftReport,
    Word,
)
from components.common.artifacts.run_summary import read_summary
from components.common.errors import DataError
from components.common.run_context import ANY_RUN, RUN_ID_VARIABLE, RunContext
from components.common.step import Nothing, Step, find_step, run_step
from components.notify.component import notify
from components.notify.config import NotifyConfig
from components.notify.step import _KEPT_RUNS

RUN_ID = "6f1c2a52-0c0e-4b8e-9d35-1b5a6f0f9a11"
UI = "https://kubeflow.example.com/pipeline/"
ENDS = kubeflow()["final_status"]["ends"]
HEADLINES = {
    "done": "run done",
    "failed": "run failed",
    "interrupted": "run interrupted",
    "unclear": "run ended as",
}


@dataclass
class PodArtifact:
    """An output as kfp gives it to a component: a path in the pod, an address in the store."""

    path: str
    uri: str
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass
class Cluster:
    """Pods that share nothing but a volume with the models, and a webhook."""

    root: Path
    hook: Webhook
    shared: bool = True

    @property
    def store(self) -> Path:
        return self.root / "volume" / "solar" / "runs"

    @property
    def context(self) -> dict[str, Any]:
        """What compiled pipelines say to every step of every run."""
        store = str(self.store) if self.shared else ""
        return config.to_plain(RunContext(run_id=ANY_RUN, commit="abc", store=store, ui=UI))

    def step(self, name: str, write: Callable[[Path], None], *, result: str = "") -> PodArtifact:
        """Run what stands in for a step's work, as the step itself is run; then its pod is gone."""
        real = find_step(name)
        (output,) = [one.name for one in dataclasses.fields(real.records["outputs"])]

        def run(settings: Any, inputs: Any, outputs: Any, context: Any) -> str:
            write(getattr(outputs, output))
            return result

        run.__annotations__ = {**real.records, "inputs": Nothing}
        artifact = PodArtifact(str(self.root / "pod" / output), f"minio://mlpipeline/x/{output}")
        try:
            step = Step(name, run, announced=real.announced)
            run_step(step, {}, self.context, {}, {output: artifact})
        finally:
            shutil.rmtree(self.root / "pod", ignore_errors=True)
        return artifact

    def exit(self, state: str, **settings: Any) -> list[str]:
        """Run the exit step in a pod of its own and return the messages."""
        values = {
            "status": final_status(state),
            "settings": config.to_plain(NotifyConfig(**settings)),
            "run": self.context,
        }
        output = str(self.root / "pod-notify" / "output.json")
        given = {"inputs": {"parameterValues": values}, "outputs": {"outputFile": output}}
        self.hook.bodies.clear()
        Executor(given, notify).execute()
        return [json.loads(body)["text"] for body in self.hook.bodies]


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    monkeypatch.setenv(RUN_ID_VARIABLE, RUN_ID)
    with webhook() as hook:
        monkeypatch.setenv("GRAFT_WEBHOOK_URL", hook.url)
        yield Cluster(tmp_path, hook)


def looked(word: Word, *, repeated: bool = False) -> Callable[[Path], None]:
    info = camera_look(word, repeated=repeated)

    def write(out: Path) -> None:
        DriftReport(out, info).write()
        (out / "report.html").write_text("<html></html>")

    return write


def judged(out: Path) -> None:
    Verdict(out, VerdictInfo(word="deploy", reasons=("It is good.",))).write()
    (out / "report.html").write_text("<html></html>")


def deployed(out: Path) -> None:
    info = DeploymentInfo(
        model_name="solar",
        model_base_path="/models",
        version=4,
        previous_version=3,
        model_sha256="c" * 64,
        server="http://tfserving:8501",
        rehearsal=(),
        confirmation=(),
        passport="/models/solar/passports/4.json",
    )
    Deployment(out, info).write()


def broken(out: Path) -> None:
    raise DataError("2 classes", received="1", do="add pictures")


@pytest.mark.parametrize(("word", "means"), ENDS.items())
def test_every_word_of_kubeflows_is_told_as_what_it_is(
    cluster: Cluster, word: str, means: str
) -> None:
    (text,) = cluster.exit(word, when="always")
    assert text.startswith(f"*Graft: {HEADLINES[means]}")
    assert (word in text) == (means == "unclear")
    assert f"<{UI}#/runs/details/{RUN_ID}|run>" in text and f"({RUN_ID})" in text
    due = {"done": 0, "failed": 1, "interrupted": 1, "unclear": 1}
    assert len(cluster.exit(word)) == due[means]


def test_a_word_that_nobody_knows_is_no_failure(cluster: Cluster) -> None:
    (text,) = cluster.exit("PAUSED_BY_QUOTA")
    assert "run ended as PAUSED_BY_QUOTA" in text and "failed" not in text
    assert not cluster.exit("PAUSED_BY_QUOTA", when="failures")


# Kubeflow 2.17 leaves RUNNING where the branch to a retraining was skipped.
@pytest.mark.parametrize("state", ["COMPLETE", "RUNNING"])
@pytest.mark.parametrize("word", ["ask", "fix_camera"])
def test_people_hear_what_the_monitor_asks_of_them(
    cluster: Cluster, word: Word, state: str
) -> None:
    cluster.step("monitor", looked(word), result=word)
    (text,) = cluster.exit(state)
    report = cluster.store / RUN_ID / "monitor.drift" / "report.html"
    assert text.startswith(f"*Graft: solar: {word} ({RUN_ID})*")
    assert "- The lens is out of focus." in text and str(report) in text and report.is_file()
    cluster.step("monitor", looked(word, repeated=True), result=word)
    assert not cluster.exit(state)


@pytest.mark.parametrize("state", ["COMPLETE", "RUNNING"])
def test_a_look_that_changes_nothing_is_no_message(cluster: Cluster, state: str) -> None:
    cluster.step("monitor", looked("keep"), result="keep")
    assert not cluster.exit(state)
    assert read_summary(cluster.store / RUN_ID).state == "done"


@pytest.mark.parametrize("state", ["COMPLETE", "RUNNING"])
def test_a_retraining_that_deployed_is_told_with_verdict_and_version(
    cluster: Cluster, state: str
) -> None:
    cluster.step("monitor", looked("retrain"), result="retrain")
    cluster.step("gate", judged, result="deploy")
    cluster.step("deploy", deployed)
    (text,) = cluster.exit(state, report_url="https://runs.example.com")
    assert text.startswith(f"*Graft: solar: retrain, verdict deploy ({RUN_ID})*")
    assert "- It is good." in text and "Version 4 of solar serves." in text
    assert f"<https://runs.example.com/{RUN_ID}/gate.verdict/report.html|report>" in text


def test_a_run_that_stopped_half_way_without_a_word_is_not_taken_for_done(
    cluster: Cluster,
) -> None:
    cluster.step("monitor", looked("retrain"), result="retrain")
    (text,) = cluster.exit("RUNNING")
    assert "run ended as RUNNING" in text and "The last step that reported: 'monitor'" in text


@pytest.mark.parametrize("state", ["FAILED", "RUNNING", "COMPLETE"])
def test_the_step_that_failed_is_named_with_its_words(cluster: Cluster, state: str) -> None:
    with pytest.raises(DataError):
        cluster.step("train", broken)
    (text,) = cluster.exit(state)
    assert text.startswith(f"*Graft: run failed at train ({RUN_ID})*")
    assert "expected 2 classes, received 1; add pictures" in text


def test_what_a_step_wrote_is_known_by_run_and_address(cluster: Cluster) -> None:
    candidate = cluster.step("train", lambda out: out.mkdir(parents=True))
    assert candidate.metadata["run_id"] == RUN_ID
    cluster.exit("COMPLETE")
    summary = read_summary(cluster.store / RUN_ID)
    assert summary.artifacts == {"train.candidate": candidate.uri}
    assert (summary.page, summary.end_word) == (f"{UI}#/runs/details/{RUN_ID}", "COMPLETE")


def test_without_a_shared_volume_people_hear_how_it_ended(cluster: Cluster) -> None:
    cluster.shared = False
    cluster.step("monitor", looked("ask"), result="ask")
    assert not cluster.exit("COMPLETE")
    (text,) = cluster.exit("FAILED")
    assert "run failed" in text
    assert not cluster.store.exists()


def test_a_store_that_cannot_be_written_fails_no_step(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.store.parent.mkdir(parents=True)
    cluster.store.write_text("a file where the folder should be")
    cluster.step("monitor", looked("ask"), result="ask")
    (text,) = cluster.exit("FAILED")
    assert "run failed" in text and "is not writable" in caplog.text


def test_the_store_keeps_so_many_runs(cluster: Cluster) -> None:
    for number in range(_KEPT_RUNS + 3):
        (cluster.store / f"old-{number}").mkdir(parents=True)
    cluster.step("monitor", looked("keep"), result="keep")
    cluster.exit("COMPLETE")
    assert len(list(cluster.store.iterdir())) == _KEPT_RUNS
    assert read_summary(cluster.store / RUN_ID).state == "done"
