"""`graft up`: model server, gateway and console together."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options


def up(
    models: Annotated[
        Path, typer.Option(help="The folder that holds <model_name>/<version>/.")
    ] = options.DEFAULT_MODELS,
    model_name: Annotated[
        list[str] | None,
        typer.Option(help="Serve this model only. Repeatable. Default: all that are published."),
    ] = None,
    log: options.PredictionLog = options.DEFAULT_LOG,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    port_offset: Annotated[
        int, typer.Option(min=0, max=50_000, help="Add this to every port.")
    ] = 0,
) -> None:
    """Start the model server, the gateway that logs predictions, and the console.

    Server 8501 (gRPC 8500), gateway 8511 (gRPC 8510), console 8520, on this machine only. A new
    version or model is picked up while they run. Ctrl-C or SIGTERM stops all three.

    Exit codes: 2 a port is taken or a model is not there, 1 one of the three does not keep running,
    130 stopped.
    """
    from pipelines.up.ports import Ports
    from pipelines.up.services import UpSettings
    from pipelines.up.supervise import supervise

    settings = UpSettings(
        models=models,
        names=tuple(model_name or ()),
        log=log,
        runs_dir=runs_dir,
        ports=Ports(port_offset),
    )
    supervise(settings, console=Console())
