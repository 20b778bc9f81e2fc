"""The three programs of `graft up`: how each is started, and where it says that it is well."""

import importlib.util
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.common import files
from components.common.errors import ConfigError
from pipelines.up.ports import HOST, Ports
from pipelines.workspace import published_models
from serving.client.rest_client import METRICS_PATH
from serving.server.launch import MONITORING_CONFIG

_GATEWAY_READY = "/gateway/ready"
_LOOK_EVERY_S = 1  # for new versions and models


@dataclass(frozen=True, kw_only=True)
class UpSettings:
    """What is served, and where things lie; folders may be relative to where the user stands.

    models: holds `<model name>/<version>/`.
    names: the models to serve; () serves all that are published, later ones too.
    log: the prediction log. folder: for the three programs' own logs.
    """

    models: Path
    names: tuple[str, ...] = ()
    log: Path
    runs_dir: Path
    folder: Path = Path(".graft/up")
    ports: Ports = Ports()


@dataclass(frozen=True, kw_only=True)
class Service:
    """A program: `python -m WORDS`, well as soon as `url` + `health` answers 200."""

    name: str
    words: tuple[str, ...]
    url: str
    health: str
    log_path: Path


def published(settings: UpSettings) -> tuple[str, ...]:
    """Return the models to serve, by name.

    Raises:
        ConfigError: one that was asked for has no version.
    """
    there = published_models(settings.models)
    absent = [name for name in settings.names if name not in there]
    if absent:
        raise ConfigError(
            f"published models {', '.join(absent)} in {settings.models}",
            received=", ".join(there) or "none",
            do="correct --model-name or --models",
        )
    return settings.names or there


def write_model_config(settings: UpSettings, names: Sequence[str]) -> None:
    """Write the list of models for the server, which reads it again when it changes."""
    lines = [
        f"  config {{ name: {_quoted(name)} "
        f"base_path: {_quoted(str((settings.models / name).resolve()))} "
        'model_platform: "tensorflow" }'
        for name in names
    ]
    text = "\n".join(["model_config_list {", *lines, "}", ""])
    files.write_bytes(_model_config(settings), text.encode(), durable=False)


def services(settings: UpSettings) -> tuple[Service, ...]:
    """Return the programs in the order in which they are started."""
    ports, found = settings.ports, [_server(settings), _gateway(settings)]
    if importlib.util.find_spec("pipelines.cli.ui"):
        found.append(
            Service(
                name="console",
                words=(
                    *("pipelines.cli", "ui", "--models", str(settings.models)),
                    *("--log", str(settings.log), "--runs-dir", str(settings.runs_dir)),
                    *("--gateway", f"http://{HOST}:{ports.gateway_rest}"),
                    *("--port", str(ports.console), "--no-browser"),
                ),
                url=f"http://{HOST}:{ports.console}",
                health="/healthz",
                log_path=settings.folder / "console.log",
            )
        )
    return tuple(found)


def _server(settings: UpSettings) -> Service:
    ports = settings.ports
    return Service(
        name="server",
        words=(
            "serving.server",
            f"--port={ports.server_grpc}",
            f"--rest_api_port={ports.server_rest}",
            f"--model_config_file={_model_config(settings)}",
            f"--model_config_file_poll_wait_seconds={_LOOK_EVERY_S}",
            f"--file_system_poll_wait_seconds={_LOOK_EVERY_S}",
            f"--monitoring_config_file={MONITORING_CONFIG}",
        ),
        url=f"http://{HOST}:{ports.server_rest}",
        health=METRICS_PATH,
        log_path=settings.folder / "server.log",
    )


def _gateway(settings: UpSettings) -> Service:
    ports = settings.ports
    return Service(
        name="gateway",
        words=(
            *("pipelines.cli", "gateway", "--log", str(settings.log)),
            *("--models", str(settings.models), "--port", str(ports.gateway_rest)),
            *("--grpc-port", str(ports.gateway_grpc)),
            *("--metrics-port", str(ports.gateway_metrics)),
            *("--upstream", f"http://{HOST}:{ports.server_rest}"),
            *("--upstream-grpc", f"{HOST}:{ports.server_grpc}"),
        ),
        url=f"http://{HOST}:{ports.gateway_rest}",
        health=_GATEWAY_READY,
        log_path=settings.folder / "gateway.log",
    )


def _model_config(settings: UpSettings) -> Path:
    return settings.folder / "models.config"


def _quoted(text: str) -> str:
    """Return a string of protobuf's text format."""
    return json.dumps(text, ensure_ascii=False)
