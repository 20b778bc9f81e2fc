"""`cluster.train_nodes`: the compiled train step starts a TrainJob, and only then."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from components.common import config
from components.common.images import CPU_IMAGE, GPU_IMAGE
from components.train.nodes.config import NodesConfig
from pipelines.cluster.spec.checks import check_package
from pipelines.cluster.spec.nodes import nodes_section
from pipelines.config import PipelineName, TrainingRun, override, read_preset, resolve

PRESET = str(Path(__file__).parents[3] / "deploy" / "solar.yaml")
ON = (
    "cluster.timeout_s=0",
    "cluster.train_nodes.count=2",
    "cluster.train_nodes.exchange=/data/exchange",
    "cluster.accelerator.count=4",
    "cluster.retries.count=1",
)


def settings(*changes: str) -> TrainingRun:
    return resolve(override(read_preset(PRESET), changes))


def dag_with(spec: dict[str, Any], task: str) -> dict[str, Any]:
    """Return the tasks among which the one of that name is."""
    dags = [spec["root"], *spec["components"].values()]
    (found,) = [one["dag"]["tasks"] for one in dags if "dag" in one and task in one["dag"]["tasks"]]
    return dict(found)


@pytest.mark.parametrize("pipeline", ["training", "monitoring"])
def test_the_train_step_waits_for_nodes_in_a_small_pod(
    pipeline: PipelineName,
    package: Callable[..., Path],
    compiled: Callable[..., list[Any]],
) -> None:
    assert check_package(package(pipeline, PRESET, *ON)) >= 11
    spec, platform = compiled(pipeline, PRESET, *ON)
    tasks = dag_with(spec, "train-on-nodes")
    assert "train" not in tasks
    task = tasks["train-on-nodes"]
    assert task["dependentTasks"] == ["augment"]
    assert "train-on-nodes" in tasks["export"]["dependentTasks"]
    # Reused as any training is; not what starts from the version that serves.
    cached = task.get("cachingOptions", {}).get("enableCache", False)
    assert cached == (pipeline == "training")
    assert task["retryPolicy"]["maxRetryCount"] == 1
    container = spec["deploymentSpec"]["executors"]["exec-train-on-nodes"]["container"]
    assert container["image"] == CPU_IMAGE
    assert "accelerator" not in container["resources"]
    assert container["resources"]["resourceMemoryLimit"] == "6Gi"
    pod = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]["exec-train-on-nodes"]
    assert "/data" in {one["mountPath"] for one in pod["pvcMount"]}
    given = task["inputs"]["parameters"]["nodes"]["runtimeValue"]["constant"]
    assert config.from_struct(NodesConfig, given) == NodesConfig(
        count=2,
        runtime="graft-jax",
        image=GPU_IMAGE,
        exchange="/data/exchange",
        timeout_s=86400,
        requests={"cpu": "2", "memory": "4Gi"},
        limits={"memory": "8Gi", "nvidia.com/gpu": "4"},
    )


def test_finalists_train_in_pods_of_their_own(
    package: Callable[..., Path], compiled: Callable[..., list[Any]]
) -> None:
    assert check_package(package("tuning", PRESET, *ON)) >= 11
    spec, _ = compiled("tuning", PRESET, *ON)
    assert "train-finalist" in dag_with(spec, "train-finalist")
    assert "train-on-nodes" not in str(spec)


def test_off_it_leaves_the_pipeline_as_it_is(compiled: Callable[..., list[Any]]) -> None:
    # That of no setting at all is compared with the golden file in test_compiled.py.
    off = compiled("training", PRESET, "cluster.train_nodes.exchange=/data/exchange")
    plain = compiled("training", PRESET)
    assert without_defaults(off) == without_defaults(plain)
    assert nodes_section(settings().cluster) == {}


def without_defaults(documents: list[Any]) -> list[Any]:
    """Drop the defaults: the context holds the digest of all settings."""
    documents[0]["root"]["inputDefinitions"] = {}
    return documents
