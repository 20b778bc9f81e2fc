"""`graft serve`: the local model server alone on what has been published."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from components.common.artifacts.model_folder import newest_version
from components.common.errors import ConfigError
from pipelines.cli import options
from pipelines.local.finished import silence_tensorflow
from pipelines.up.ports import check_free
from pipelines.workspace import default_model_name


def serve(
    context: typer.Context,
    model_name: options.ModelName = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    port: Annotated[int, typer.Option(help="gRPC port.")] = 8500,
    rest_api_port: Annotated[int, typer.Option(help="REST port.")] = 8501,
) -> None:
    """Keep serving the newest version; a new one is picked up without a pause.

    Any other flag of the local server is passed on, e.g. --enable_batching=true. Ctrl-C stops.
    """
    model_name = model_name or default_model_name(model_base_path)
    base = (model_base_path / model_name).resolve()
    if newest_version(base) is None:
        raise ConfigError(
            f"a published version of '{model_name}' below {base}",
            received="none",
            do="run `graft run` (or `make run`) first, or correct --model-base-path",
        )
    from serving.server.launch import MONITORING_CONFIG

    check_free((port, rest_api_port), do="stop it, or choose --port and --rest-api-port")
    Console().print(
        f"serving [bold]{model_name}[/]: REST http://127.0.0.1:{rest_api_port}/v1/models/"
        f"{model_name}  ·  gRPC 127.0.0.1:{port}  ·  Ctrl-C stops"
    )
    command = [sys.executable, "-m", "serving.server", f"--model_name={model_name}"]
    command += [f"--model_base_path={base}", f"--port={port}", f"--rest_api_port={rest_api_port}"]
    command.append(f"--monitoring_config_file={MONITORING_CONFIG}")
    silence_tensorflow()
    # A folder named like ours where the user stands is not ours.
    os.environ["PYTHONSAFEPATH"] = "1"
    # Replaces this process, so that signals reach the server itself.
    os.execv(sys.executable, [*command, *context.args])
