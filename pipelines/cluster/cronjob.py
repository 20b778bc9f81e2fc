"""The same schedule as a Kubernetes CronJob, for a cluster without Kubeflow Pipelines."""

from typing import Any

import yaml

from components.common.images import CPU_IMAGE
from pipelines.schedule_config import ScheduleConfig

_COMMANDS = {"monitoring": "monitor", "training": "run"}


def manifest(schedule: ScheduleConfig, plain: dict[str, Any], *, name: str) -> str:
    """Return a ConfigMap with the settings and the CronJob that runs them, as YAML.

    The job needs two volume claims: `models`, which TF Serving reads, `graft-work` for pictures,
    prediction log and runs; and, if people are to be told, the secret `graft-notify`.

    Args:
        schedule: when, and which pipeline.
        plain: the settings as they are written in a preset.
        name: of both objects.
    """
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "graft"}
    settings = yaml.safe_dump(plain, sort_keys=False)
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": dict(labels)},
        "data": {"settings.yaml": settings},
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "schedule": schedule.cron,
            "timeZone": schedule.time_zone,
            # One at a time, and what was missed is not made up for.
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {
                    "backoffLimit": 0,
                    "template": {
                        "metadata": {"labels": dict(labels)},
                        "spec": _pod(schedule, name),
                    },
                }
            },
        },
    }
    return yaml.safe_dump_all([config_map, job], sort_keys=False)


def _pod(schedule: ScheduleConfig, name: str) -> dict[str, Any]:
    command = _COMMANDS[schedule.pipeline]
    words = ["graft", command, "--preset", "/config/settings.yaml"]
    if schedule.pipeline == "training":
        words.append("--no-serve-check")
    container = {
        "name": "graft",
        "image": CPU_IMAGE,
        "command": words,
        "workingDir": "/work",
        "envFrom": [{"secretRef": {"name": "graft-notify", "optional": True}}],
        "resources": {
            "requests": {"cpu": "2", "memory": "4Gi"},
            "limits": {"memory": "8Gi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "config", "mountPath": "/config", "readOnly": True},
            {"name": "models", "mountPath": "/models"},
            {"name": "work", "mountPath": "/work"},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "fsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            {"name": "models", "persistentVolumeClaim": {"claimName": "models"}},
            {"name": "work", "persistentVolumeClaim": {"claimName": "graft-work"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
