"""The TrainJob of a training: what Kubeflow Trainer is asked for, and what it says of it.

Written after trainer.kubeflow.org/v1alpha1 as of Trainer 2.2, the first with a policy for JAX and
with a deadline.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from components.train.nodes.config import NodesConfig

GROUP, VERSION, PLURAL = "trainer.kubeflow.org", "v1alpha1", "trainjobs"
# In the folder that the step and the nodes share.
SHARDS, CANDIDATE, SETTINGS = "shards", "candidate", "train.yaml"

Phase = Literal["waiting", "running", "suspended", "complete", "failed"]
_BY_CONDITION: tuple[tuple[str, Phase], ...] = (
    ("Failed", "failed"),
    ("Complete", "complete"),
    ("Suspended", "suspended"),
)


class JobState(NamedTuple):
    """Where a job stands, and what is said of it."""

    phase: Phase
    words: str


def job_name(*parts: str) -> str:
    """Return a name of 24 characters: the same parts, the same name."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"graft-train-{digest[:12]}"


def manifest(
    name: str, *, nodes: NodesConfig, folder: Path, run: str, owners: Sequence[dict[str, str]] = ()
) -> dict[str, Any]:
    """Return the resource to create.

    Args:
        name: see `job_name`.
        nodes: how many, of which kind.
        folder: shared with the nodes; holds the shards and the settings.
        run: the name of the run's workflow.
        owners: references to the workflow: what it owns is removed with it.
    """
    resources = {
        kind: dict(amounts)
        for kind, amounts in (("requests", nodes.requests), ("limits", nodes.limits))
        if amounts
    }
    trainer = {
        "image": nodes.image,
        "command": ["python3", "-m", "components.train.nodes.worker"],
        "args": [
            f"--shards={folder / SHARDS}",
            f"--candidate={folder / CANDIDATE}",
            f"--config={folder / SETTINGS}",
        ],
        "numNodes": nodes.count,
    }
    return {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": "TrainJob",
        "metadata": {
            "name": name,
            "labels": {"app.kubernetes.io/part-of": "graft", "graft/run": run},
            "ownerReferences": list(owners),
        },
        "spec": {
            "runtimeRef": {"apiGroup": GROUP, "kind": "TrainingRuntime", "name": nodes.runtime},
            # Also for the case that this step is killed before it can remove the job.
            "activeDeadlineSeconds": nodes.timeout_s,
            "trainer": trainer | ({"resourcesPerNode": resources} if resources else {}),
        },
    }


def state_of(job: Mapping[str, Any]) -> JobState:
    """Return where a job stands, from its conditions, else from the nodes it counts."""
    status = job.get("status") or {}
    conditions = {
        one["type"]: one for one in status.get("conditions") or () if one.get("status") == "True"
    }
    for kind, phase in _BY_CONDITION:
        if kind in conditions:
            said = (kind, conditions[kind].get("reason"), conditions[kind].get("message"))
            return JobState(phase, ": ".join(dict.fromkeys(filter(None, said))))
    jobs = status.get("jobsStatus") or ()
    if any(one.get("ready") for one in jobs):
        return JobState("running", "all nodes are ready")
    if any(one.get("active") for one in jobs):
        return JobState("waiting", "nodes are being started")
    return JobState("waiting", "no nodes yet")


def is_leaving(job: Mapping[str, Any]) -> bool:
    """Say whether a job has been deleted and is only waited for."""
    return bool((job.get("metadata") or {}).get("deletionTimestamp"))
