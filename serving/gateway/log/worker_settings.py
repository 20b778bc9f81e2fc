"""Settings on their way to the log's process: the part it needs, as one argument."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from serving.gateway.settings import GatewaySettings, LogSettings


@dataclass(frozen=True, kw_only=True)
class WorkerSettings:
    """What the worker has to know; addresses are those of the model server."""

    log: LogSettings
    rest_url: str
    grpc_address: str


def to_argument(settings: GatewaySettings) -> str:
    """Return JSON without secrets, since arguments show in the process list."""
    log = {**asdict(settings.log), "folder": str(settings.log.folder)}
    return json.dumps(
        {
            "log": log,
            "rest_url": settings.upstream,
            "grpc_address": settings.upstream_grpc,
        }
    )


def from_argument(text: str) -> WorkerSettings:
    """Read what `to_argument` wrote."""
    values = json.loads(text)
    log = {**values.pop("log")}
    folder = Path(log.pop("folder"))
    return WorkerSettings(log=LogSettings(folder=folder, **log), **values)
