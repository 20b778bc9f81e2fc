"""`graft serve`: the local model server on what has been published."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from components.common.artifacts.model_folder import newest_version
from components.common.errors import ConfigError


def serve(
    context: typer.Context,
    model_name: Annotated[str, typer.Option(help="The model to serve.")] = "solar",
    model_base_path: Annotated[
        Path, typer.Option(help="The folder that holds <model_name>/<version>/.")
    ] = Path("serving/models"),
    port: Annotated[int, typer.Option(help="gRPC port.")] = 8500,
    rest_api_port: Annotated[int, typer.Option(help="REST port.")] = 8501,
) -> None:
    """Keep serving the newest version; a new one is picked up without a pause.

    Any other flag of the local server is passed on, e.g. --enable_batching=true. Ctrl-C stops.
    """
    base = (model_base_path / model_name).resolve()
    if newest_version(base) is None:
        raise ConfigError(
            f"a published version of '{model_name}' below {base}",
            received="none",
            do="run `graft run` (or `make run`) first, or correct --model-base-path",
        )
    Console().print(
        f"serving [bold]{model_name}[/]: REST http://127.0.0.1:{rest_api_port}/v1/models/"
        f"{model_name}  ·  gRPC 127.0.0.1:{port}  ·  Ctrl-C stops"
    )
    # Replaces this process, so that signals reach the server itself.
    import os

    os.execv(
        sys.executable,
        [
            sys.executable,
            "-m",
            "serving.server",
            f"--model_name={model_name}",
            f"--model_base_path={base}",
            f"--port={port}",
            f"--rest_api_port={rest_api_port}",
            *context.args,
        ],
    )
