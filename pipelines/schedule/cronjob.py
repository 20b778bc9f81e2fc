"""The same schedule as a Kubernetes CronJob, for a cluster without Kubeflow Pipelines."""

from pathlib import Path
from typing import Any

import yaml

from components.common.images import CPU_IMAGE
from pipelines.dags import PIPELINES
from pipelines.schedule.config import ScheduleConfig

_TEMPLATE = Path(__file__).with_name("cronjob.yaml")


def manifest(schedule: ScheduleConfig, plain: dict[str, Any], *, name: str) -> str:
    """Return a ConfigMap with the settings and the CronJob that runs them, as YAML.

    The job needs the volume claims `graft-data` (/data: pictures and weights, and its own runs and
    cache), `graft-models` (/models, which TF Serving reads) and `graft-log` (/log); to notify
    people, the secret `graft-notify`; and `graft-gateway`, where the gateway wants a key.
    `plain` are the settings as they are written in a preset; `name` is that of both objects.
    """
    config_map, job = yaml.safe_load_all(_TEMPLATE.read_text())
    labels = {**config_map["metadata"]["labels"], "app.kubernetes.io/name": name}
    config_map["metadata"] = job["metadata"] = {"name": name, "labels": labels}
    config_map["data"] = {"settings.yaml": yaml.safe_dump(plain, sort_keys=False)}
    job["spec"] |= {"schedule": schedule.cron, "timeZone": schedule.time_zone}
    one = job["spec"]["jobTemplate"]["spec"]
    one["activeDeadlineSeconds"] = schedule.deadline_s
    pod = one["template"]
    # By the label the network policies let its `deploy` ask the server.
    pod["metadata"] = {"labels": {**labels, "graft/client": "true"}}
    words = ["graft", PIPELINES[schedule.pipeline].command, "--preset", "/config/settings.yaml"]
    words += ["--no-serve-check"] if schedule.pipeline == "training" else []
    pod["spec"]["containers"][0] |= {"image": CPU_IMAGE, "command": words}
    pod["spec"]["volumes"][0]["configMap"]["name"] = name
    return yaml.dump_all([config_map, job], Dumper=_Readable, sort_keys=False)


class _Readable(yaml.SafeDumper):
    """Writes texts of several lines as they are, and what is mentioned twice twice."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _text)
