"""Kubeflow Pipelines by reference: pinned, and the patches fit what they are meant for."""

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from kubeflow_record import kubeflow
from rendering import DEPLOY, Items, image_user, kustomize, one

from pipelines.config import read_preset, resolve

pytestmark = pytest.mark.slow
UPSTREAM = "github.com/kubeflow/pipelines/manifests/kustomize/"


def resources(folder: str) -> list[str]:
    text = (DEPLOY / folder / "kustomization.yaml").read_text()
    return list(yaml.safe_load(text)["resources"])


@pytest.fixture
def patched(tmp_path: Path) -> Path:
    """`deploy/kubeflow` with the published manifests replaced by a stand-in on disk."""
    folder = tmp_path / "kubeflow"
    shutil.copytree(DEPLOY / "kubeflow", folder)
    file = folder / "pipelines" / "kustomization.yaml"
    (file.parent / "published.yaml").write_text(
        yaml.safe_dump_all(kubeflow()["manifests"]["items"])
    )
    (reference,) = resources("kubeflow/pipelines")
    file.write_text(file.read_text().replace(reference, "published.yaml"))
    return folder


def test_the_reference_is_pinned_to_the_sdk_that_compiles() -> None:
    for folder, where in (
        ("kubeflow/cluster-scoped", "cluster-scoped-resources"),
        ("kubeflow/pipelines", "env/platform-agnostic"),
    ):
        (reference,) = resources(folder)
        assert reference.startswith(f"{UPSTREAM}{where}?ref={version('kfp')}&")
    assert kubeflow()["version"] == version("kfp")


def test_pods_of_runs_get_the_group_of_the_volumes(patched: Path) -> None:
    deployment = one(kustomize(patched / "pipelines"), "Deployment", "ml-pipeline")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    env = {entry["name"]: entry["value"] for entry in container["env"]}
    assert env["LOG_LEVEL"] == "info"
    patch = json.loads(env["COMPILED_PIPELINE_SPEC_PATCH"])
    assert json.loads(patch["podSpecPatch"]) == {
        "securityContext": {"fsGroup": image_user(), "fsGroupChangePolicy": "OnRootMismatch"}
    }


def test_recurring_runs_start_by_the_clock_that_the_preset_names(patched: Path) -> None:
    items = kustomize(patched / "pipelines")
    data = one(items, "ConfigMap", "pipeline-install-config")["data"]
    schedule = resolve(read_preset(str(DEPLOY / "solar.yaml"))).schedule
    assert data["cronScheduleTimezone"] == schedule.server_time_zone


def rights(items: Items) -> dict[str, set[str]]:
    rules = one(items, "Role", "pipeline-runner")["rules"]
    return {resource: set(rule["verbs"]) for rule in rules for resource in rule["resources"]}


def test_runs_may_not_make_or_change_anything_of_the_cluster(patched: Path) -> None:
    items = kustomize(patched / "pipelines")
    found = rights(items)
    assert not any("*" in verbs for verbs in found.values())
    reading = {"get", "list", "watch"}
    for resource, verbs in found.items():
        assert resource.startswith("workflowtask") or verbs <= reading, resource
    (rule,) = [
        r for r in one(items, "Role", "pipeline-runner")["rules"] if r["resources"] == ["secrets"]
    ]
    assert rule["resourceNames"] and rule["verbs"] == ["get"]


def test_artifacts_in_a_bucket(patched: Path) -> None:
    items = kustomize(patched / "object-store")
    data = one(items, "ConfigMap", "kfp-launcher")["data"]
    assert data["defaultPipelineRoot"].startswith("s3://")
    assert yaml.safe_load(data["providers"])["s3"]["default"]["credentials"] == {"fromEnv": True}
    account = one(items, "ServiceAccount", "pipeline-runner")
    assert "eks.amazonaws.com/role-arn" in account["metadata"]["annotations"]
    # The other patches are still there.
    assert "jobs" not in rights(items)


def test_the_patched_manifests_fit_the_schemas(patched: Path) -> None:
    import kubernetes_validate

    for item in kustomize(patched / "object-store"):
        kubernetes_validate.validate(item, "1.34", strict=True)
