"""The section `cluster`: what is refused, and what it adds to the compiled pipelines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.common.errors import ConfigError
from components.common.images import CPU_IMAGE, GPU_IMAGE
from pipelines.cluster.config import ClusterConfig
from pipelines.cluster.spec.syntax import cores, memory_bytes
from pipelines.config import read_preset, resolve
from pipelines.dags.compiling import compile_to

EVERYTHING = str(Path(__file__).parent / "cluster_presets" / "everything.yaml")


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"labels": {"bad label!!": "x"}}, r"cluster\.labels.*a label's key"),
        ({"labels": {"team": "-x"}}, "a label's value"),
        ({"labels": {"A_B/team": "x"}}, "a label's key"),
        ({"labels": {"team": "x" * 64}}, "a label's value"),
        ({"volumes": [{"claim": "p", "path": "data"}]}, r"volumes\.0\.path.*an absolute path"),
        ({"volumes": [{"claim": "p", "path": "/"}]}, "an absolute path"),
        ({"volumes": [{"claim": "p", "path": "/a/../b"}]}, "an absolute path"),
        ({"volumes": [{"claim": "My_PVC", "path": "/data"}]}, "name of a Kubernetes object"),
        ({"volumes": [{"claim": "p", "path": "/d", "sub_path": "/x"}]}, "a path inside the volume"),
        (
            {"volumes": [{"claim": "p", "path": "/d"}, {"claim": "q", "path": "/d/"}]},
            "a path of its own",
        ),
        ({"tolerations": [{"key": "gpu", "operator": "Like"}]}, "'Equal' or 'Exists'"),
        ({"tolerations": [{"key": "gpu", "operator": "Exists", "value": "x"}]}, "no value beside"),
        ({"tolerations": [{"operator": "Equal"}]}, "a key beside operator Equal"),
        ({"tolerations": [{"key": "gpu", "effect": "Never"}]}, "'NoSchedule'"),
        ({"shared_memory": "5 gigs"}, "an amount of memory, as '4Gi'"),
        ({"resources": {"memory_limit": "4K"}}, "an amount of memory"),
        ({"resources": {"cpu_limit": "two"}}, "an amount of CPU"),
        ({"resources": {"cpu_request": "2", "cpu_limit": "500m"}}, "no more than the cpu_limit"),
        (
            {"training_resources": {"memory_request": "1Gi", "memory_limit": "1G"}},
            "no more than the memory_limit",
        ),
        ({"accelerator": {"count": -1}}, "greater than or equal to 0"),
        ({"accelerator": {"resource": "one gpu"}}, "a label's key"),
        ({"image_pull_policy": "Sometimes"}, "'Always'"),
        ({"image_pull_secrets": ["Registry"]}, "name of a Kubernetes object"),
        ({"secrets": [{"name": "s", "keys": {"url": "1URL"}}]}, "environment variable's name"),
        ({"secrets": [{"name": "s", "keys": {}}]}, "at least 1"),
        (
            {
                "secrets": [{"name": "s", "keys": {"a": "URL"}}],
                "config_maps": [{"name": "c", "keys": {"b": "URL"}}],
            },
            "an environment variable of its own",
        ),
        ({"artifact_root": "/data/artifacts"}, "s3://BUCKET/PATH"),
        ({"artifact_root": "s3://"}, "s3://BUCKET/PATH"),
        ({"retries": {"count": 11}}, "less than or equal to 10"),
        ({"retries": {"factor": 0.5}}, "greater than or equal to 1"),
        ({"timeout_s": -5}, "greater than or equal to 0"),
        ({"train_nodes": {"count": 0}}, "greater than or equal to 1"),
        ({"train_nodes": {"count": 2}}, r"a folder in train_nodes\.exchange, as"),
        ({"train_nodes": {"count": 2, "exchange": "data"}}, r"exchange.*an absolute path"),
        (
            {
                "train_nodes": {"count": 2, "exchange": "/database/x"},
                "volumes": [{"claim": "p", "path": "/data"}],
            },
            "a folder inside one of volumes",
        ),
        ({"train_nodes": {"timeout_s": 1}}, "greater than or equal to 60"),
        (
            {
                "train_nodes": {"count": 2, "exchange": "/data/deep/x"},
                "volumes": [
                    {"claim": "p", "path": "/data"},
                    {"claim": "q", "path": "/data/deep", "sub_path": "solar"},
                ],
            },
            r"no sub_path of the volume that train_nodes\.exchange lies in",
        ),
        (
            {
                "timeout_s": 3600,
                "train_nodes": {"count": 2, "exchange": "/data/x", "timeout_s": 3600},
                "volumes": [{"claim": "p", "path": "/data"}],
            },
            r"a timeout_s above train_nodes\.timeout_s \(3600\)",
        ),
        ({"gpu": 1}, "one of the known settings"),
    ],
)
def test_what_kubernetes_would_refuse_is_refused_here(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        resolve({"cluster": section})


@pytest.mark.parametrize(
    ("count", "timeout_s", "sub_path"), [(2, 0, ""), (2, 3601, ""), (1, 3600, "solar")]
)
def test_what_nodes_can_do_with_is_taken(count: int, timeout_s: int, sub_path: str) -> None:
    section = {
        "timeout_s": timeout_s,
        "train_nodes": {"count": count, "exchange": "/data/deep/x", "timeout_s": 3600},
        "volumes": [
            {"claim": "p", "path": "/data", "sub_path": "around it"},
            {"claim": "q", "path": "/data/deep", "sub_path": sub_path},
        ],
    }
    assert resolve({"cluster": section}).cluster.train_nodes.count == count


def test_amounts_are_read_as_kubernetes_reads_them() -> None:
    assert (cores("500m"), cores("2"), cores("0.5")) == (0.5, 2.0, 0.5)
    assert (memory_bytes("4Gi"), memory_bytes("1G"), memory_bytes("7")) == (4 << 30, 10**9, 7)


@pytest.fixture(params=["training", "monitoring", "tuning"])
def documents(request: pytest.FixtureRequest, compiled: Callable[..., list[Any]]) -> Any:
    return compiled(request.param, EVERYTHING)


def pods(documents: list[Any]) -> dict[str, Any]:
    return dict(documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"])


def test_every_pod_gets_volumes_variables_labels_and_limits(documents: list[Any]) -> None:
    executors = documents[0]["deploymentSpec"]["executors"]
    assert set(pods(documents)) == set(executors)
    for name, pod in pods(documents).items():
        assert pod["pvcMount"][0]["mountPath"] == "/data"
        assert pod["pvcMount"][0]["subPath"] == "solar"
        assert pod["secretAsEnv"][0]["keyToEnv"] == [
            {"secretKey": "url", "envVar": "GRAFT_NOTIFY_URL"}
        ]
        assert pod["configMapAsEnv"][0]["configMapName"] == "proxy"
        # Only `deploy` may ask the server.
        asks = {"graft/client": "true"} if name == "exec-deploy" else {}
        assert pod["podMetadata"]["labels"] == {"team": "solar"} | asks
        assert pod["imagePullPolicy"] == "IfNotPresent"
        assert pod["imagePullSecret"][0]["secretName"] == "registry"
        assert pod["activeDeadlineSeconds"] == "7200"
        wanted = "16Gi" if is_training(name) else "4Gi"
        assert executors[name]["container"]["resources"]["resourceMemoryLimit"] == wanted
    assert documents[0]["defaultPipelineRoot"] == "minio://mlpipeline/graft"


def test_only_training_gets_the_gpu_its_image_and_its_nodes(documents: list[Any]) -> None:
    for name, executor in documents[0]["deploymentSpec"]["executors"].items():
        container, pod = executor["container"], pods(documents)[name]
        assert container["image"] == (GPU_IMAGE if is_training(name) else CPU_IMAGE)
        accelerator = container["resources"].get("accelerator", {})
        assert (accelerator.get("resourceType") == "nvidia.com/gpu") == is_training(name)
        assert ("nodeSelector" in pod) == ("tolerations" in pod) == is_training(name)
        if is_training(name):
            assert pod["tolerations"] == [
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
            ]
            assert pod["emptyDirMounts"][0] == {
                "volumeName": "shared-memory",
                "mountPath": "/dev/shm",
                "medium": "Memory",
                "sizeLimit": "2Gi",
            }


def test_all_but_deploy_and_notify_are_tried_again(documents: list[Any]) -> None:
    dags = [documents[0]["root"], *documents[0]["components"].values()]
    tasks = [task for dag in dags for task in dag.get("dag", {}).get("tasks", {}).values()]
    for task in tasks:
        component = task["componentRef"]["name"]
        own = "dag" not in documents[0]["components"][component]
        retried = own and component not in {"comp-deploy", "comp-notify"}
        assert ("retryPolicy" in task) == retried, component
        if retried:
            assert task["retryPolicy"]["maxRetryCount"] == 2


def test_an_empty_section_adds_the_runs_id_and_nothing_stays_from_another(
    documents: list[Any], tmp_path: Path
) -> None:
    # `documents` has been compiled in this process before.
    path = tmp_path / "training.yaml"
    compile_to(path, settings=resolve(read_preset("solar")), pipeline="training")
    plain, platform = yaml.safe_load_all(path.read_text())
    knows = {"name": "KFP_RUN_ID", "fieldPath": "metadata.labels['pipeline/runid']"}
    for name, pod in pods([plain, platform]).items():
        asks = {"podMetadata": {"labels": {"graft/client": "true"}}} if "deploy" in name else {}
        assert pod == {"fieldPathAsEnv": [knows]} | asks, name
    text = str(plain)
    assert GPU_IMAGE not in text and "retryPolicy" not in text and "resourceMemory" not in text
    assert resolve(read_preset("solar")).cluster == ClusterConfig()


def is_training(executor: str) -> bool:
    name = executor.removeprefix("exec-")
    return name.startswith(("inspect", "train", "rank"))
