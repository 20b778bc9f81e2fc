"""The same schedule as a Kubernetes CronJob, for a cluster without Kubeflow Pipelines."""

from typing import Any

import yaml

from components.common.images import CPU_IMAGE
from pipelines.dags import PIPELINES
from pipelines.schedule.config import ScheduleConfig

# The image's own user (Containerfile): the volumes are shared with TF Serving's pods.
USER = 10001


def manifest(schedule: ScheduleConfig, plain: dict[str, Any], *, name: str) -> str:
    """Return a ConfigMap with the settings and the CronJob that runs them, as YAML.

    The job needs the volume claims `graft-data` (/data: pictures and weights, and its own runs and
    cache), `graft-models` (/models, which TF Serving reads) and `graft-log` (/log); and,
    if people are to be told, the secret `graft-notify`.

    Args:
        schedule: when, and which pipeline.
        plain: the settings as they are written in a preset.
        name: of both objects.
    """
    labels = {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/component": "schedule",
        "app.kubernetes.io/part-of": "graft",
    }
    settings = yaml.safe_dump(plain, sort_keys=False)
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": labels},
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
                        "metadata": {"labels": labels},
                        "spec": _pod(schedule, name),
                    },
                }
            },
        },
    }
    return yaml.dump_all([config_map, job], Dumper=_Readable, sort_keys=False)


class _Readable(yaml.SafeDumper):
    """Writes texts of several lines as they are, and what is mentioned twice twice."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)


def _pod(schedule: ScheduleConfig, name: str) -> dict[str, Any]:
    words = ["graft", PIPELINES[schedule.pipeline].command, "--preset", "/config/settings.yaml"]
    if schedule.pipeline == "training":
        words.append("--no-serve-check")
    container = {
        "name": "graft",
        "image": CPU_IMAGE,
        "command": words,
        "workingDir": "/data",
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
            {"name": "data", "mountPath": "/data"},
            {"name": "log", "mountPath": "/log", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "runAsGroup": USER,
            "fsGroup": USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": [
            {"name": "config", "configMap": {"name": name}},
            _claim("models", "graft-models"),
            _claim("data", "graft-data"),
            _claim("log", "graft-log"),
            {"name": "tmp", "emptyDir": {}},
        ],
    }


def _claim(volume: str, claim: str) -> dict[str, Any]:
    return {"name": volume, "persistentVolumeClaim": {"claimName": claim}}
