"""Runs on Kubeflow Pipelines: started once, followed, read, compared, cancelled."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_kfp import FakeKfp, Fault, serving, to
from typer.testing import CliRunner

from components.common.errors import (
    ConfigError,
    DataError,
    GraftError,
    ServerError,
    UnreachableError,
)
from pipelines.cli import app
from pipelines.cluster import compiled
from pipelines.cluster.errors import ClusterRefusedError
from pipelines.cluster.runs.client import Run, cancel, find, follow, get, list_runs, new_name, start
from pipelines.cluster.runs.compare import differences
from pipelines.cluster.runs.logs import read_log
from pipelines.cluster.schedules import apply
from pipelines.cluster.uploads import upload

SOLAR = ("--preset", "solar")
PARAMETERS = {"run": {"run_id": "kubeflow"}, "train": {"epochs": 3.0, "seed": 0.0}}


# The newest API, and one minor version older.
@pytest.fixture(params=[17, 16])
def kfp(request: pytest.FixtureRequest) -> Iterator[FakeKfp]:
    with serving(minor=request.param) as server:
        yield server


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "training.yaml"
    path.write_text("pipelineInfo: {name: graft-training}\n")
    return path


def begin(kfp: FakeKfp, package: Path, **parameters: Any) -> Run:
    uploaded = upload(to(kfp), package, name="graft-training-solar-once")
    return start(
        to(kfp),
        name=new_name("graft-training-solar"),
        pipeline_id=uploaded.pipeline_id,
        version_id=uploaded.version_id,
        parameters={**PARAMETERS, **parameters},
    )


def test_a_run_is_followed_to_its_end(kfp: FakeKfp, package: Path) -> None:
    seen: list[Run] = []
    last = follow(to(kfp), begin(kfp, package), on_change=seen.append, poll_s=0.0)
    assert (last.state, last.over, last.exit_code) == ("SUCCEEDED", True, 0)
    states = [{task.name: task.state for task in run.tasks} for run in seen]
    assert states[0] == {} and states[2] == {"ingest": "RUNNING"}
    # Drivers, wrappers and executors are Kubeflow's own; a skipped executor means "reused".
    assert states[-1] == {"ingest": "REUSED", "validate": "SUCCEEDED", "train": "SUCCEEDED"}
    tasks = {task.name: task for task in last.tasks}
    assert (tasks["train"].pod, tasks["ingest"].pod) == ("pod-train", "")
    assert tasks["validate"].seconds == 30.0


def test_following_survives_a_server_that_restarts(kfp: FakeKfp, package: Path) -> None:
    run = begin(kfp, package)
    kfp.faults += [Fault(503, where="GET /runs/"), Fault(0, where="GET /runs/")]
    assert follow(to(kfp), run, on_change=lambda _: None, poll_s=0.0).state == "SUCCEEDED"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(503, ServerError), (0, UnreachableError), (401, ClusterRefusedError)],
)
def test_following_ends_when_patience_does(
    kfp: FakeKfp, package: Path, status: int, kind: type[GraftError]
) -> None:
    run = begin(kfp, package)
    kfp.faults.append(Fault(status, where="GET /runs/", times=99))
    with pytest.raises(kind):
        follow(to(kfp), run, on_change=lambda _: None, poll_s=0.0)


@pytest.mark.parametrize("status", [503, 0])
def test_a_run_whose_answer_was_lost_is_found_and_not_started_twice(
    kfp: FakeKfp, package: Path, status: int
) -> None:
    kfp.faults.append(Fault(status, where="POST /runs", after=True))
    run = begin(kfp, package)
    assert list(kfp.runs) == [run.run_id]


def test_a_run_that_was_not_started_is_said_to_be_so(kfp: FakeKfp, package: Path) -> None:
    kfp.faults.append(Fault(503, where="POST /runs"))
    with pytest.raises(ServerError, match="start the run graft-training-solar"):
        begin(kfp, package)
    assert not kfp.runs


def test_a_busy_server_is_asked_again(kfp: FakeKfp, package: Path) -> None:
    kfp.faults.append(Fault(429, where="POST /runs", times=2))
    begin(kfp, package)
    assert len(kfp.runs) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 409])
def test_a_refused_start_is_not_repeated(kfp: FakeKfp, package: Path, status: int) -> None:
    kfp.faults.append(Fault(status, where="POST /runs", times=99))
    with pytest.raises(ClusterRefusedError) as caught:
        begin(kfp, package)
    assert caught.value.status == status
    assert kfp.requests.count("POST /runs") == 1


def test_runs_are_found_by_id_name_and_as_the_latest(kfp: FakeKfp, package: Path) -> None:
    assert list_runs(to(kfp), limit=5) == ()
    first, second = begin(kfp, package), begin(kfp, package)
    assert [run.run_id for run in list_runs(to(kfp), limit=5)] == [second.run_id, first.run_id]
    for word, wanted in (
        (first.run_id, first),
        (first.name, first),
        ("latest", second),
    ):
        assert find(to(kfp), word).run_id == wanted.run_id
    with pytest.raises(DataError, match="graft runs list"):
        find(to(kfp), "nobody")


def test_cancelling_stops_once(kfp: FakeKfp, package: Path) -> None:
    run = begin(kfp, package)
    assert cancel(to(kfp), run)
    stopped = get(to(kfp), run.run_id)
    assert (stopped.state, stopped.exit_code) == ("CANCELED", 130)
    assert not cancel(to(kfp), stopped)


@pytest.mark.parametrize("by_api", [True, False])
def test_a_log_comes_from_the_server_or_the_interface(
    kfp: FakeKfp, package: Path, by_api: bool
) -> None:
    kfp.story.logs, kfp.story.api_logs = {"pod-train": '{"epoch": 1}\nWörter\n'}, by_api
    run = follow(to(kfp), begin(kfp, package), on_change=lambda _: None, poll_s=0.0)
    assert read_log(to(kfp), run, "train") == '{"epoch": 1}\nWörter\n'
    with pytest.raises(ServerError, match=r"kubectl logs -n kubeflow pod-validate -c main"):
        read_log(to(kfp), run, "validate")
    with pytest.raises(DataError, match="which is reused"):
        read_log(to(kfp), run, "ingest")
    with pytest.raises(DataError, match="ingest, validate, train"):
        read_log(to(kfp), run, "trian")


def test_settings_are_compared_one_by_one() -> None:
    other = PARAMETERS | {"train": {"epochs": 5.0, "seed": 0.0, "tune": {"lr": 0.1}}}
    found = differences(PARAMETERS, other)
    assert found == (("train.epochs", "3", "5"), ("train.tune.lr", "", "0.1"))
    assert differences(PARAMETERS, PARAMETERS) == ()


def graft(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words], env={"COLUMNS": "200"})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.cluster.runs.client.time.sleep", lambda _: None)


@pytest.mark.usefixtures("quickly")
def test_submit_shows_link_and_steps_and_ends_with_the_outcome(kfp: FakeKfp) -> None:
    code, output = graft(
        "submit", *SOLAR, "--host", kfp.host, "--service-account", "pipeline-runner"
    )
    assert code == 0, output
    (run,) = kfp.runs.values()
    assert f"{kfp.host}/#/runs/details/{run.run_id}" in output
    assert re.search(r"reused +ingest", output) and re.search(r"succeeded +train", output)
    assert run.service_account == "pipeline-runner"
    assert run.runtime_config.parameters["train"]["seed"] == 0
    assert [one.display_name for one in kfp.pipelines.values()] == ["graft-training-solar-once"]


@pytest.mark.usefixtures("quickly")
def test_a_failed_run_fails_the_command_and_says_where_to_look(kfp: FakeKfp) -> None:
    kfp.story.error = "expected 2 classes, received 1"
    kfp.story.chapters = [("FAILED", {"validate": "FAILED"})]
    kfp.story.logs = {"pod-validate": "the reason\n"}
    code, output = graft("submit", *SOLAR, "--host", kfp.host)
    assert code == 1
    (run_id,) = kfp.runs
    assert f"graft runs logs {run_id} validate" in output and kfp.story.error in output
    assert graft("runs", "logs", run_id, "--host", kfp.host) == (0, "the reason\n\n")


@pytest.mark.usefixtures("quickly")
def test_a_run_cancelled_by_somebody_else_is_130(kfp: FakeKfp) -> None:
    kfp.story.chapters = [("CANCELED", {"ingest": "CANCELED"})]
    assert graft("submit", *SOLAR, "--host", kfp.host)[0] == 130


def test_without_waiting_the_run_is_only_started(kfp: FakeKfp) -> None:
    code, output = graft("submit", *SOLAR, "--no-wait", "--host", kfp.host)
    assert code == 0 and "/#/runs/details/" in output
    assert not [one for one in kfp.requests if one.startswith("GET /runs/")]


@pytest.mark.usefixtures("quickly")
def test_an_ended_login_leaves_the_run_alone_and_says_so(kfp: FakeKfp) -> None:
    kfp.faults.append(Fault(401, where="GET /runs/", times=99))
    done = CliRunner().invoke(app, ["submit", *SOLAR, "--host", kfp.host])
    assert isinstance(done.exception, ClusterRefusedError)
    assert "the run goes on; see it with `graft runs show" in done.output
    assert not [one for one in kfp.requests if "terminate" in one]


@pytest.mark.usefixtures("quickly")
def test_runs_are_listed_shown_compared_and_cancelled(kfp: FakeKfp, package: Path) -> None:
    assert "no run" in graft("runs", "list", "--host", kfp.host)[1]
    first = begin(kfp, package)
    second = begin(kfp, package, train={"epochs": 9, "seed": 0})
    assert second.name in graft("runs", "list", "--host", kfp.host)[1]
    kfp.story.page = 9
    assert re.search(r"train +succeeded", graft("runs", "show", "--host", kfp.host)[1])
    for version in kfp.versions.values():
        version.pipeline_spec = {
            "root": {"inputDefinitions": {"parameters": {"gate": {"defaultValue": {}}}}}
        }
    output = graft("runs", "compare", first.run_id, "latest", "--host", kfp.host)[1]
    assert re.search(r"train\.epochs\W+3\W+9", output)
    assert "train.seed" not in output
    assert f"#/compare?runlist={first.run_id},{second.run_id}" in output
    assert "succeeded" in graft("runs", "cancel", first.run_id, "--host", kfp.host)[1]
    assert not [one for one in kfp.requests if "terminate" in one]


@pytest.mark.usefixtures("quickly")
def test_a_schedule_is_run_now_with_its_newest_pipeline(kfp: FakeKfp, package: Path) -> None:
    name = "graft-monitoring-solar"
    first = upload(to(kfp), package, name=name)
    apply(to(kfp), name=name, cron="0 6 * * *", uploaded=first)
    package.write_text("changed: true\n")
    second = upload(to(kfp), package, name=name)
    code, _ = graft("schedule", "run-now", name, "--host", kfp.host)
    assert code == 0
    (run,) = kfp.runs.values()
    assert run.pipeline_version_reference.pipeline_version_id == second.version_id
    assert run.display_name.startswith(name)
    with pytest.raises(DataError, match="graft schedule apply"):
        graft("schedule", "run-now", "another", "--host", kfp.host)


def test_a_schedule_by_another_clock_than_the_servers_is_refused(kfp: FakeKfp) -> None:
    zone = ("--set", "schedule.time_zone=Europe/Berlin", "--host", kfp.host)
    with pytest.raises(ConfigError, match="received Europe/Berlin; set cronScheduleTimezone"):
        graft("schedule", "apply", *SOLAR, *zone)
    assert not kfp.changes()
    same = ("--set", "schedule.server_time_zone=Europe/Vienna")
    code, output = graft("schedule", "apply", *SOLAR, *same, *zone)
    assert code == 0 and "'0 5 * * *' Europe/Berlin" in output


def test_a_schedule_is_applied_listed_and_removed_and_all_of_it_twice(
    kfp: FakeKfp, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where the tests run with a built image at hand, its tag is pinned and earns no note.
    monkeypatch.setattr(compiled, "CPU_IMAGE", "registry/graft-python-cpu:latest")
    to_there = ("--host", kfp.host)
    assert "no schedule" in graft("schedule", "list", *to_there)[1]
    for change, version in (("created", "new"), ("unchanged", "known")):
        code, output = graft("schedule", "apply", *SOLAR, "--cron", "30 5 * * 1", *to_there)
        assert code == 0, output
        assert f"graft-monitoring-solar: {change}, '30 5 * * 1' UTC, {version} pipeline" in output
        assert "note: monitor.log is" in output and "set GRAFT_CPU_IMAGE" in output
    (made,) = kfp.recurring_runs.values()
    assert (made.no_catchup, made.max_concurrency) == (True, "1")
    assert re.search(
        r"graft-monitoring-solar .* 0 30 5 \* \* 1 ", graft("schedule", "list", *to_there)[1]
    )
    for said in ("removed", "was not there"):
        code, output = graft("schedule", "remove", *SOLAR, *to_there)
        assert (code, output) == (0, f"graft-monitoring-solar: {said}\n")
    assert not kfp.recurring_runs
