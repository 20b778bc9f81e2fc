"""`graft compile`: the pipeline as the YAML that Kubeflow Pipelines runs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from components.common.errors import ConfigError, expected


def compile_pipeline(
    preset: Annotated[
        str, typer.Option(help="Preset (name or YAML file) whose settings become the defaults.")
    ] = "solar",
    pipeline: Annotated[str, typer.Option(help="training, tuning or monitoring.")] = "training",
    output: Annotated[
        Path | None,
        typer.Option(help="The YAML file to write. Default: build/graft-<pipeline>.yaml."),
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="Override a setting. Repeatable.")
    ] = None,
) -> None:
    """Write the pipeline for Kubeflow Pipelines; upload it, or send it with the kfp client."""
    from pipelines.compiling import compile_monitoring, compile_training, compile_tuning
    from pipelines.config import override, read_preset, resolve

    settings = resolve(override(read_preset(preset), assignments or ()))
    known = {
        "training": compile_training,
        "tuning": compile_tuning,
        "monitoring": compile_monitoring,
    }
    if pipeline not in known:
        raise ConfigError(
            expected(
                "training, tuning or monitoring", received=f"'{pipeline}'", do="correct --pipeline"
            )
        )
    target = output or Path(f"build/graft-{pipeline}.yaml")
    known[pipeline](settings, target)
    Console().print(f"wrote {target}")
