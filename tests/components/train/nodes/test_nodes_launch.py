"""The step that has several nodes train, against a cluster that works, refuses and fails."""

import dataclasses
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fake_cluster import (
    BROKEN,
    DONE,
    NAMESPACE,
    POD,
    RUN,
    FakeCluster,
    Fault,
    condition,
    counted,
    serving,
)

from components.common import config
from components.common.artifacts.lineage import Provenance
from components.common.artifacts.records import PROVENANCE, read_record, tree_sha256
from components.common.artifacts.shards import Shards
from components.common.errors import ConfigError, GraftError, RequestError, UnreachableError
from components.common.run_context import RunContext
from components.train.config import TrainConfig
from components.train.nodes import launch as module
from components.train.nodes import worker as multi_node
from components.train.nodes.config import NodesConfig
from components.train.nodes.job import job_name, state_of
from components.train.nodes.kubernetes import ClusterApi, Patience, Place, here
from components.train.nodes.launch import JobFailedError, train_on_nodes

SETTINGS = TrainConfig(method="full", options={"epochs": 2}, seed=7)
# Enough for a busy machine where an answer is to come, little where none will.
QUICK = Patience(timeout_s=20, total_s=20, first_wait_s=0.01, longest_wait_s=0.02)
IMPATIENT = dataclasses.replace(QUICK, total_s=0.3)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # The generated client leaves sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def act_as_nodes(job: dict[str, Any]) -> None:
    """Do what the nodes do as far as files go, with the words that their launcher reads."""
    options = multi_node.arguments(job["spec"]["trainer"]["args"])
    settings = multi_node.settings_from(options.config)
    assert (settings.seed, settings.options, settings.backend) == (7, {"epochs": 2}, "jax")
    assert Shards.read(options.shards).info.classes
    options.candidate.mkdir()
    (options.candidate / "candidate.json").write_text(job["metadata"]["name"])
    (options.candidate / PROVENANCE).write_text("{}")


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    with serving(nodes=act_as_nodes) as fake:
        yield fake


@pytest.fixture
def exchange(tmp_path: Path) -> Path:
    folder = tmp_path / "exchange"
    folder.mkdir()
    return folder


def place(cluster: FakeCluster) -> Place:
    from kubernetes.client import Configuration

    return Place(configuration=Configuration(host=cluster.host), namespace=NAMESPACE, pod=POD)


def nodes(exchange: Path, **changes: Any) -> NodesConfig:
    plain = {
        "count": 3,
        "runtime": "graft-jax",
        "image": "registry/graft-python-gpu:1",
        "exchange": str(exchange),
        "timeout_s": 60,
        "limits": {"memory": "16Gi", "nvidia.com/gpu": "2"},
    }
    return NodesConfig(**(plain | changes))


def train(
    cluster: FakeCluster,
    shards: Path,
    wanted: NodesConfig,
    *,
    patience: Patience = QUICK,
) -> Path:
    out = shards.with_name("out")
    with ClusterApi(place(cluster), patience) as api:
        train_on_nodes(shards, out=out, settings=SETTINGS, nodes=wanted, api=api, poll_s=0.01)
    return out


def recorded(cluster: FakeCluster) -> list[dict[str, Any]]:
    """Return the list to which every job that is created is added."""
    made: list[dict[str, Any]] = []

    def note(job: dict[str, Any]) -> None:
        made.append(job)
        act_as_nodes(job)

    cluster.nodes = note
    return made


def test_shards_go_to_the_nodes_and_their_candidate_comes_back(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cluster.story = [
        {},
        {"conditions": [condition("Suspended", "waits for a quota", reason="Suspended")]},
        counted(active=1),
        counted(ready=1, active=1),
        counted(ready=1, active=1),
        cluster.story[-1],
    ]
    with caplog.at_level(logging.INFO):
        out = train(cluster, tiny_shards, nodes(exchange))
    assert (out / "candidate.json").read_text().startswith("graft-train-")
    told = [one.getMessage().split(": ", 1) for one in caplog.records if "TrainJob" in one.message]
    assert [words[1] for words in told] == [
        "3 nodes, runtime graft-jax",
        "no nodes yet",
        "Suspended: waits for a quota",
        "nodes are being started",
        "all nodes are ready",
        "Complete: AllJobsCompleted: jobset completed",
    ]
    # Nothing is left: neither the job, its pods before it, nor the copies.
    assert cluster.jobs == {} and list(exchange.iterdir()) == []
    assert "propagationPolicy=Foreground" in cluster.requests[-1]


def test_the_job_asked_for(cluster: FakeCluster, tiny_shards: Path, exchange: Path) -> None:
    made = recorded(cluster)
    train(cluster, tiny_shards, nodes(exchange))
    (job,) = made
    spec, metadata = job["spec"], job["metadata"]
    assert spec["runtimeRef"]["name"] == "graft-jax"
    assert spec["activeDeadlineSeconds"] == 60
    assert spec["trainer"]["command"] == ["python3", "-m", multi_node.__name__]
    assert (spec["trainer"]["numNodes"], spec["trainer"]["image"]) == (
        3,
        "registry/graft-python-gpu:1",
    )
    # Kubernetes counts an empty set of requests as one that was asked for.
    assert spec["trainer"]["resourcesPerNode"] == {
        "limits": {"memory": "16Gi", "nvidia.com/gpu": "2"}
    }
    assert metadata["labels"]["graft/run"] == RUN
    # With the run's workflow it goes, whatever becomes of this step.
    assert metadata["ownerReferences"] == [
        {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "name": RUN,
            "uid": "workflow-uid",
        }
    ]


def test_nodes_that_ask_for_nothing(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    made = recorded(cluster)
    train(cluster, tiny_shards, nodes(exchange, limits={}))
    assert "resourcesPerNode" not in made[0]["spec"]["trainer"]


def test_a_failed_job_says_why_and_stays_for_its_logs(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    cluster.story = [counted(ready=1, active=1), BROKEN]
    with pytest.raises(JobFailedError, match=r"Failed: FailedJobs: jobset failed: node 1 was") as e:
        train(cluster, tiny_shards, nodes(exchange))
    (name,) = cluster.jobs
    assert f"logs --prefix -l jobset.sigs.k8s.io/jobset-name={name}" in str(e.value)
    assert e.value.exit_code == 1
    assert list(exchange.iterdir()) == []


def test_a_job_that_nobody_runs_is_given_up_and_deleted(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MARGIN_S", 0.0)
    cluster.story = [{}]
    with pytest.raises(JobFailedError, match=r"no nodes yet, after 1 s; it is deleted") as caught:
        train(cluster, tiny_shards, nodes(exchange, timeout_s=1))
    # There is nothing left to describe or to read logs of.
    assert "kubectl" not in str(caught.value)
    assert cluster.jobs == {} and list(exchange.iterdir()) == []


def test_a_job_that_somebody_deletes(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    cluster.looked = lambda name: cluster.jobs.clear()
    with pytest.raises(GraftError, match="no longer there"):
        train(cluster, tiny_shards, nodes(exchange))
    assert list(exchange.iterdir()) == []


def test_cancelled_it_takes_the_job_with_it(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    cluster.story = [counted(ready=1, active=1)]
    cluster.looked = lambda name: name in cluster.jobs and os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(SystemExit) as caught:
        train(cluster, tiny_shards, nodes(exchange))
    assert caught.value.code == 143
    assert cluster.jobs == {} and list(exchange.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) is before


def test_cancelled_while_the_api_is_away_it_does_not_wait_for_it(
    cluster: FakeCluster,
    tiny_shards: Path,
    exchange: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "_HURRIED", IMPATIENT)
    cluster.story = [counted(ready=1, active=1)]
    cluster.faults.append(Fault(503, where="DELETE", times=999))
    cluster.looked = lambda name: name in cluster.jobs and os.kill(os.getpid(), signal.SIGTERM)
    with pytest.raises(SystemExit):
        train(cluster, tiny_shards, nodes(exchange))
    assert "to delete the TrainJob" in caplog.text
    # Its deadline, and the workflow that owns it, end it then.
    ((name, job),) = cluster.jobs.items()
    assert job["spec"]["activeDeadlineSeconds"] and job["metadata"]["ownerReferences"]
    # Until then its nodes read from the folder, and another attempt fetches from it.
    assert tree_sha256(exchange / name / "shards") == tree_sha256(tiny_shards)
    assert f"{exchange / name} stays" in caplog.text
    cluster.looked, cluster.faults, job["told"] = (lambda name: None), [], [DONE]
    assert (train(cluster, tiny_shards, nodes(exchange)) / "candidate.json").exists()
    assert cluster.asked("POST") == 1


def lose_sight(cluster: FakeCluster, shards: Path, exchange: Path) -> str:
    """Make an attempt that the API leaves alone; return the name of its job."""

    def outage(_name: str) -> None:
        cluster.faults.append(Fault(503, where="GET", times=999))

    cluster.looked = outage
    with pytest.raises(UnreachableError, match="503: told to fail"):
        train(cluster, shards, nodes(exchange), patience=IMPATIENT)
    cluster.looked, cluster.faults = (lambda name: None), []
    (name,) = cluster.jobs
    return name


def test_a_second_attempt_takes_up_the_job_of_the_first(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = lose_sight(cluster, tiny_shards, exchange)
    assert f"remove {exchange / name}" in caplog.text
    out = train(cluster, tiny_shards, nodes(exchange))
    assert cluster.asked("POST") == 1
    assert (out / "candidate.json").exists() and list(exchange.iterdir()) == []


def test_a_second_attempt_replaces_a_job_that_is_complete_without_a_candidate(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    name = lose_sight(cluster, tiny_shards, exchange)
    cluster.jobs[name]["told"] = [DONE]
    shutil.rmtree(exchange / name)
    assert (train(cluster, tiny_shards, nodes(exchange)) / "candidate.json").exists()
    assert cluster.asked("POST") == 2


def test_a_second_attempt_replaces_a_job_that_failed_once_it_has_left(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    good = cluster.story
    cluster.story = [BROKEN]
    with pytest.raises(JobFailedError):
        train(cluster, tiny_shards, nodes(exchange))
    cluster.story, cluster.looks_until_gone = good, 3
    deleted: list[int] = []
    cluster.nodes = lambda job: (deleted.append(cluster.asked("DELETE")), act_as_nodes(job))[1]
    train(cluster, tiny_shards, nodes(exchange))
    assert deleted == [1] and cluster.asked("POST") == 2


def test_another_run_or_other_settings_are_another_job(exchange: Path) -> None:
    first = job_name(RUN, config.to_json(SETTINGS), config.to_json(nodes(exchange)))
    assert first == job_name(RUN, config.to_json(SETTINGS), config.to_json(nodes(exchange)))
    others = {
        job_name("other", config.to_json(SETTINGS), config.to_json(nodes(exchange))),
        job_name(RUN, config.to_json(TrainConfig()), config.to_json(nodes(exchange))),
        job_name(RUN, config.to_json(SETTINGS), config.to_json(nodes(exchange, count=4))),
    }
    assert len(others | {first}) == 4
    # Names of its pods are this and "-node-0-0-" and five letters: 63 are allowed.
    assert len(first) <= 40


@pytest.mark.parametrize("status", [429, 500, 503, 0])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_api_that_stumbles_is_asked_again(
    cluster: FakeCluster,
    tiny_shards: Path,
    exchange: Path,
    status: int,
    method: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_HURRIED", QUICK)
    cluster.faults.append(Fault(status, where=f"{method} /apis", times=2))
    assert (train(cluster, tiny_shards, nodes(exchange)) / "candidate.json").exists()
    # By us, who say so and wait, and not by what lies below.
    assert caplog.text.count("asking again") == 2
    assert cluster.jobs == {}


def test_a_job_whose_answer_was_lost_is_not_made_twice(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    cluster.faults.append(Fault(0, where="POST", after=True))
    assert (train(cluster, tiny_shards, nodes(exchange)) / "candidate.json").exists()
    assert cluster.asked("POST") == 2


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(403, "POST", message='User "x" cannot create resource'), "trainjob/pipeline"),
        (Fault(401, "GET /api/", message="Unauthorized"), "deploy/trainjob/pipeline"),
        (
            Fault(403, "POST", message='admission webhook "t" denied the request: no runtime'),
            "no runtime; correct what the answer names",
        ),
        (Fault(422, "POST", message="spec.trainer is wrong"), "422: spec.trainer is wrong"),
    ],
)
def test_what_is_refused_is_said_at_once_and_leaves_nothing(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path, fault: Fault, words: str
) -> None:
    fault.times = 99
    cluster.faults.append(fault)
    with pytest.raises(RequestError, match=words):
        train(cluster, tiny_shards, nodes(exchange))
    assert sum(fault.where in one for one in cluster.requests) == 1
    assert cluster.jobs == {} and list(exchange.iterdir()) == []


def test_a_cluster_without_trainer(tiny_shards: Path, exchange: Path) -> None:
    with serving(has_trainer=False) as cluster, pytest.raises(RequestError, match=r"Trainer 2\.2"):
        train(cluster, tiny_shards, nodes(exchange))
    assert list(exchange.iterdir()) == []


def test_nobody_there(tiny_shards: Path, exchange: Path) -> None:
    nobody = FakeCluster(host="http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"no answer from http://127\.0\.0\.1:9") as caught:
        train(nobody, tiny_shards, nodes(exchange), patience=IMPATIENT)
    assert caught.value.exit_code == 4


def test_nodes_that_do_not_see_the_folder(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    cluster.nodes = lambda job: None
    with pytest.raises(GraftError, match=r"mount the claim that cluster\.train_nodes"):
        train(cluster, tiny_shards, nodes(exchange))
    assert cluster.jobs == {} and list(exchange.iterdir()) == []


def test_what_an_attempt_left_half_copied_is_copied_anew(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path
) -> None:
    name = job_name(RUN, config.to_json(SETTINGS), config.to_json(nodes(exchange)))
    shutil.copytree(tiny_shards, exchange / name / "shards")
    (exchange / name / "shards" / "train.npy").write_bytes(b"half")
    (exchange / name / "candidate").mkdir()
    seen: list[str] = []

    def look(job: dict[str, Any]) -> None:
        seen.append(tree_sha256(exchange / name / "shards"))
        act_as_nodes(job)

    cluster.nodes = look
    train(cluster, tiny_shards, nodes(exchange))
    assert seen == [tree_sha256(tiny_shards)]


def test_failed_is_failed_whatever_else_is_said() -> None:
    both = {"conditions": [condition("Complete", "x"), condition("Failed", "y", reason="Z")]}
    assert state_of({"status": both}).phase == "failed"
    assert state_of({"status": both}).words == "Failed: Z: y"
    assert state_of({}).phase == "waiting"


def test_the_place_of_a_pod(tmp_path: Path) -> None:
    for name, text in (("token", "secret"), ("ca.crt", "certificate"), ("namespace", "lab\n")):
        (tmp_path / name).write_text(text)
    told = {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "KFP_POD_NAME": "pod-1",
    }
    found = here(told, tmp_path)
    assert (found.namespace, found.pod) == ("lab", "pod-1")
    assert found.configuration.host == "https://10.0.0.1:443"
    assert found.configuration.get_api_key_with_prefix("authorization") == "bearer secret"
    for missing in told:
        with pytest.raises(ConfigError, match=r"train_nodes\.count at 1"):
            here({name: value for name, value in told.items() if name != missing}, tmp_path)


def test_the_step_leaves_a_candidate_with_this_runs_provenance(
    cluster: FakeCluster, tiny_shards: Path, exchange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from components.train.component import train_on_nodes as component

    monkeypatch.setattr("components.train.nodes.step.here", lambda environment: place(cluster))
    cluster.story = cluster.story[-1:]
    candidate = SimpleNamespace(path=str(tiny_shards.with_name("candidate")), metadata={})
    component.python_func(
        shards=SimpleNamespace(path=str(tiny_shards), metadata={}),
        settings=config.to_plain(SETTINGS),
        nodes=config.to_plain(nodes(exchange)),
        run=config.to_plain(RunContext(run_id="kubeflow", commit="abc")),
        candidate=candidate,
    )
    known = read_record(Path(candidate.path) / PROVENANCE, Provenance)
    assert (known.step, known.run_id, known.commit) == ("train", "kubeflow", "abc")
    assert known.inputs == {"shards": tree_sha256(tiny_shards)}
    assert known.config == config.to_json(SETTINGS)
    assert candidate.metadata["content_sha256"] == tree_sha256(Path(candidate.path))


def test_waiting_needs_neither_keras_nor_a_cluster_to_be_imported() -> None:
    script = (
        "import sys, components.train.nodes.launch; "
        "print([n for n in ('keras', 'tensorflow', 'jax', 'kubernetes') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
