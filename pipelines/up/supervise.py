"""Start the three, say when they are well, and say what changes until somebody stops them."""

import time
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape

from components.common import files
from components.common.errors import ConfigError, ServerError
from pipelines.up.ports import HOST, check_free
from pipelines.up.processes import ServiceProcess, running
from pipelines.up.services import UpSettings, published, services, write_model_config
from serving.client.error_messages import newest_available
from serving.client.rest_client import RestClient
from serving.client.retry import Retry

_START_S = 180.0
_LOOK_EVERY_S = 1.0

# What answers, by model; None where no version does.
Versions = dict[str, int | None]


def supervise(settings: UpSettings, *, console: Console) -> None:
    """Run server, gateway and console until KeyboardInterrupt, then stop them in order.

    Raises:
        ConfigError: a port is taken, a model is not there, or the folder is in use.
        ServerError: one of the three does not start, or ends again and again.
    """
    names = published(settings)
    check_free(settings.ports.all(), do="stop it, or move all ports by --port-offset 100")
    with (
        files.explained(settings.folder, error=ConfigError),
        files.locked(
            settings.folder / "up", holder="another `graft up`", timeout_s=0, error=ConfigError
        ),
    ):
        write_model_config(settings, names)
        with running(services(settings)) as processes:
            with console.status("starting server, gateway and console"):
                for process in processes:
                    process.wait_healthy(timeout_s=_START_S)
            versions = _versions(settings, names)
            for line in _health(settings, processes, versions):
                console.print(line, soft_wrap=True)
            _follow(settings, processes, versions, console=console)


def _follow(
    settings: UpSettings,
    processes: Sequence[ServiceProcess],
    versions: Versions,
    *,
    console: Console,
) -> None:
    while True:
        time.sleep(_LOOK_EVERY_S)
        said = [text for process in processes if (text := process.revive())]
        names = tuple(sorted({*versions, *published(settings)}))
        if set(names) > set(versions):
            write_model_config(settings, names)
        now = _versions(settings, names)
        said += [
            f"{name}: version {version} answers" if version else f"{name}: no version answers"
            for name, version in now.items()
            if version != versions.get(name)
        ]
        versions = now
        for text in said:
            console.print(f"{datetime.now():%H:%M:%S} {escape(text)}", soft_wrap=True)


def _versions(settings: UpSettings, names: Sequence[str]) -> Versions:
    found: Versions = {}
    for name in names:
        url = f"http://{HOST}:{settings.ports.server_rest}"
        with RestClient(url, model=name, timeout_s=2.0, retry=Retry(attempts=1)) as client:
            try:
                found[name] = newest_available(client.status())
            except ServerError:
                found[name] = None
    return found


def _health(
    settings: UpSettings, processes: Sequence[ServiceProcess], versions: Versions
) -> list[str]:
    """Return a line for each program, and what to do with them."""
    ports = settings.ports
    answering = ", ".join(
        f"{name} version {version}" if version else f"[red]{name}: no version[/]"
        for name, version in versions.items()
    )
    more = {
        "server": f"gRPC {HOST}:{ports.server_grpc}  {answering or 'no model yet'}",
        "gateway": f"gRPC {HOST}:{ports.gateway_grpc}  log {escape(str(settings.log))}",
        "console": "for your browser",
    }
    lines = [
        f"[green]✔[/] {one.name:<8} [bold]{one.url}[/]  {more[one.name]}"
        for one in (process.service for process in processes)
    ]
    if versions:
        ask = f"graft predict PICTURES --model-name {next(iter(versions))}"
        if ports.offset:
            ask += f" --server http://{HOST}:{ports.gateway_rest}"
    else:
        ask = "graft run YOUR_PICTURES publishes a model here; it is served at once"
    return [*lines, f"  next     [bold]{ask}[/]", f"  stop     Ctrl-C; logs in {settings.folder}"]
