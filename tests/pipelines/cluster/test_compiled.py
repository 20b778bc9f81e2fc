"""A compiled pipeline is whole; what is damaged is found; golden files and pictures are current."""

import difflib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.common.errors import ConfigError
from components.common.images import IMAGE_TAG
from pipelines.cluster import compiled as images
from pipelines.cluster.compiled import unpinned_images, unshared_paths
from pipelines.cluster.config import Accelerator, ClusterConfig, TrainNodes, Volume
from pipelines.cluster.spec.checks import check_package, find_faults
from pipelines.config import PipelineName, read_preset, resolve
from pipelines.dags.diagram import mermaid

HERE = Path(__file__).parent
EVERYTHING = str(HERE / "cluster_presets" / "everything.yaml")
PAGE = HERE.parents[2] / "docs" / "reference" / "pipelines.md"
PIPELINES: tuple[PipelineName, ...] = ("training", "tuning", "monitoring")


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_what_we_compile_has_no_fault(package: Callable[..., Path], pipeline: str) -> None:
    assert check_package(package(pipeline, EVERYTHING)) >= 13


def _inner(documents: list[Any]) -> Any:
    return documents[0]["components"]["comp-exit-handler-1"]["dag"]["tasks"]


def _executor(documents: list[Any]) -> Any:
    return documents[0]["deploymentSpec"]["executors"]["exec-train"]["container"]


def _pods(documents: list[Any]) -> Any:
    return documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda d: d[0].update(rooot={}), "the pipeline spec: .*rooot"),
        (lambda d: d[1]["platforms"].update(kubernetes=3), "the platform spec"),
        (lambda d: _pods(d)["exec-train"].update(pvcMounts=[]), "the pod of exec-train: .*pvcMou"),
        (lambda d: _pods(d).update({"exec-x": {}}), "configures 'exec-x', which is no executor"),
        (lambda d: _executor(d).pop("image"), "executor 'exec-train' has no image"),
        (lambda d: _executor(d).pop("command"), "executor 'exec-train' has no command"),
        (
            lambda d: d[0]["deploymentSpec"]["executors"].pop("exec-gate"),
            "component 'comp-gate' refers to executor 'exec-gate'",
        ),
        (lambda d: d[0]["components"].pop("comp-gate"), "refers to component 'comp-gate'"),
        (
            lambda d: d[0]["components"]["comp-gate"].pop("executorLabel"),
            "'comp-gate' has neither executor nor tasks",
        ),
        (
            lambda d: _inner(d)["gate"]["dependentTasks"].append("ghost"),
            "task 'gate' of comp-exit-handler-1 waits for 'ghost'",
        ),
        (
            lambda d: _inner(d)["gate"]["dependentTasks"].clear(),
            "reads from 'evaluate' without waiting for it",
        ),
        (lambda d: _inner(d).pop("evaluate"), "reads from 'evaluate', which is not there"),
        (
            lambda d: d[0]["components"]["comp-train"]["outputDefinitions"].clear(),
            "reads 'candidate' of 'train', which has no such output",
        ),
        (lambda d: d.append({}), "3 YAML documents"),
    ],
)
def test_what_is_damaged_is_found(
    compiled: Callable[..., list[Any]], tmp_path: Path, damage: Callable[[Any], Any], words: str
) -> None:
    documents = compiled("training", EVERYTHING)
    damage(documents)
    assert re.search(words, "; ".join(find_faults(documents)))
    path = tmp_path / "damaged.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    with pytest.raises(ConfigError, match=r"a pipeline in .* that Kubeflow can run"):
        check_package(path)


def normal(value: Any) -> Any:
    """Drop what may change without the DAG: sources, defaults, commit, versions, image tags."""
    if isinstance(value, list):
        return [normal(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: normal(one) for key, one in value.items() if key not in {"sdkVersion"}}
    if "defaultValue" in kept:
        kept["defaultValue"] = "JSON"
    if "constant" in kept and str(kept["constant"]).startswith("{"):
        kept["constant"] = "JSON"
    if "image" in kept and "command" in kept:
        kept["image"] = re.sub(r":[^:/]*$", "", kept["image"])
        kept["command"], kept["args"] = "COMMAND", [kept["args"][-1]]
    return kept


def test_the_compiled_pipeline_is_as_it_was(compiled: Callable[..., list[Any]]) -> None:
    text = yaml.safe_dump_all(normal(compiled("training", EVERYTHING)), sort_keys=True)
    golden = HERE / "golden" / "training.yaml"
    if os.environ.get("GRAFT_WRITE_GOLDEN"):  # after a change that was meant
        golden.write_text(text)
    changes = difflib.unified_diff(golden.read_text().splitlines(), text.splitlines(), lineterm="")
    assert not list(changes), "meant? then run this test with GRAFT_WRITE_GOLDEN=1"


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_diagram_in_the_docs_is_current(
    compiled: Callable[..., list[Any]], pipeline: str
) -> None:
    again = f"graft compile --preset {EVERYTHING} --pipeline {pipeline} --picture dag.mmd"
    assert f"```mermaid\n{mermaid(compiled(pipeline, EVERYTHING)[0])}```" in PAGE.read_text(), again


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_the_diagram_shows_every_task_and_what_frames_are_about(
    compiled: Callable[..., list[Any]], pipeline: str
) -> None:
    spec = compiled(pipeline, EVERYTHING)[0]
    diagram = mermaid(spec)
    shown = re.findall(r'^ *([\w-]+)\["([\w-]+)"\](?::::reused)?$', diagram, re.M)
    leaves = [
        name
        for dag in (spec["root"], *spec["components"].values())
        for name, task in dag.get("dag", {}).get("tasks", {}).items()
        if "dag" not in spec["components"][task["componentRef"]["name"]]
    ]
    assert sorted(name for _, name in shown) == sorted(leaves)
    assert len({one for one, _ in shown}) == len(leaves)
    assert diagram.count("subgraph ") == len(re.findall(r"^ *end$", diagram, re.M))
    assert "if gate says deploy" in diagram
    assert ("if monitor says retrain" in diagram) == (pipeline == "monitoring")
    assert ("for each of the" in diagram) == (pipeline == "tuning")


def test_the_diagram_leaves_out_arrows_that_follow_from_others() -> None:
    tasks = {
        name: {"componentRef": {"name": "c"}, "dependentTasks": list(needed)}
        for name, needed in (("a", ""), ("b", "a"), ("c", "ab"))
    }
    diagram = mermaid({"root": {"dag": {"tasks": tasks}}, "components": {"c": {}}})
    assert re.findall(r"(\w+) --> (\w+)", diagram) == [("a", "b"), ("b", "c")]


def test_paths_that_pods_do_not_share_are_named() -> None:
    settings = resolve(
        read_preset(EVERYTHING)
        | {"ingest": {"path": "/data/solar"}, "model_base_path": "/database/models"}
    )
    (sentence,) = unshared_paths(settings, "training")
    assert "model_base_path is '/database/models'" in sentence
    assert "monitor.log" in unshared_paths(settings, "monitoring")[-1]


def test_of_a_version_of_the_data_it_is_the_remote_that_pods_must_reach() -> None:
    def notes(remote: str) -> str:
        version = {"path": "cells", "data_rev": "0" * 32, "data_remote": remote}
        return " ".join(unshared_paths(resolve({"model_name": "m", "ingest": version}), "training"))

    assert "ingest.data_remote is '/my/disk'" in notes("/my/disk")
    assert "ingest." not in notes("s3://bucket/dvc")


@pytest.mark.parametrize("tag", [f":{IMAGE_TAG}", ":latest", "", ":0123456789abcde"])
def test_an_image_that_may_be_any_build_is_named(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    on_gpus = ClusterConfig(accelerator=Accelerator(count=1))
    monkeypatch.setattr(images, "CPU_IMAGE", f"registry:5000/graft-python-cpu{tag}")
    monkeypatch.setattr(images, "GPU_IMAGE", f"registry:5000/graft-python-gpu{tag}")
    (sentence,) = unpinned_images(ClusterConfig(), "training")
    assert "graft-python-cpu" in sentence and "set GRAFT_CPU_IMAGE" in sentence
    assert "set GRAFT_GPU_IMAGE" in unpinned_images(on_gpus, "tuning")[1]


@pytest.mark.parametrize("tag", [":0123456789abcdef", f":1@sha256:{'0' * 64}"])
def test_an_image_named_by_its_content_is_not(tag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CPU_IMAGE", "GPU_IMAGE"):
        monkeypatch.setattr(images, name, f"registry/graft-python{tag}")
    assert unpinned_images(ClusterConfig(accelerator=Accelerator(count=1)), "training") == ()


def test_the_image_of_the_nodes_is_named_where_nodes_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "CPU_IMAGE", "registry/graft-python-cpu:0123456789abcdef")
    monkeypatch.setattr(images, "GPU_IMAGE", "registry/graft-python-gpu:latest")
    cluster = ClusterConfig(
        volumes=(Volume(claim="p", path="/data"),),
        train_nodes=TrainNodes(count=2, exchange="/data/x"),
    )
    assert [len(unpinned_images(cluster, one)) for one in PIPELINES] == [1, 0, 1]
