"""`graft compile`: the pipeline as the YAML that Kubeflow Pipelines runs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.cli.settings import chosen_preset


def compile_pipeline(
    preset: options.ClusterPreset = None,
    pipeline: options.Pipeline = "training",
    output: Annotated[
        Path | None,
        typer.Option(help="The YAML file to write. Default: build/graft-<pipeline>.yaml."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="A file for a Mermaid diagram of the steps.")
    ] = None,
    assignments: options.Assignments = None,
) -> None:
    """Write the YAML of a pipeline for Kubeflow, and check it without a cluster."""
    from pipelines.cli.kubeflow import print_notes
    from pipelines.cluster.compiled import compile_checked
    from pipelines.config import override, read_preset, resolve

    settings = resolve(override(read_preset(chosen_preset(preset)), assignments or ()))
    target = output or Path(f"build/graft-{pipeline}.yaml")
    tasks, notes = compile_checked(target, settings=settings, pipeline=pipeline)
    console = Console(soft_wrap=True)
    console.print(f"wrote {target}: {tasks} tasks; specification, names and images checked")
    if picture is not None:
        import yaml

        from pipelines.dags.diagram import mermaid

        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(mermaid(next(yaml.safe_load_all(target.read_text()))))
        console.print(f"wrote {picture}")
    print_notes(notes, console)
