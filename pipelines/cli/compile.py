"""`graft compile`: the pipeline as the YAML that Kubeflow Pipelines runs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def compile_pipeline(
    preset: Annotated[
        str, typer.Option(help="Preset (name or YAML file) whose settings become the defaults.")
    ] = "solar",
    output: Annotated[Path, typer.Option(help="The YAML file to write.")] = Path(
        "build/graft-training.yaml"
    ),
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="Override a setting. Repeatable.")
    ] = None,
) -> None:
    """Write the pipeline for Kubeflow Pipelines; upload it, or send it with the kfp client."""
    from pipelines.compiling import compile_training
    from pipelines.config import override, read_preset, resolve

    settings = resolve(override(read_preset(preset), assignments or ()))
    compile_training(settings, output)
    Console().print(f"wrote {output}")
