"""`graft compile`: the pipeline as the YAML that Kubeflow Pipelines runs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.config import DEMO_PRESET, PipelineName


def compile_pipeline(
    preset: Annotated[
        str, typer.Option(help="Preset (name or YAML file) whose settings become the defaults.")
    ] = DEMO_PRESET,
    pipeline: Annotated[
        PipelineName, typer.Option(help="training, tuning or monitoring.")
    ] = "training",
    output: Annotated[
        Path | None,
        typer.Option(help="The YAML file to write. Default: build/graft-<pipeline>.yaml."),
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="A Mermaid file (.mmd) for a picture of the steps.")
    ] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", help="Override a setting. Repeatable.")
    ] = None,
) -> None:
    """Write the pipeline for Kubeflow Pipelines, and check it as far as that goes without one."""
    from pipelines.cluster.spec.image_names import vague_images
    from pipelines.cluster.spec.places import misplaced
    from pipelines.cluster.spec.spec_checks import check_package
    from pipelines.config import override, read_preset, resolve
    from pipelines.dags.compiling import compile_to

    settings = resolve(override(read_preset(preset), assignments or ()))
    target = output or Path(f"build/graft-{pipeline}.yaml")
    compile_to(target, settings=settings, pipeline=pipeline)
    tasks = check_package(target)
    console = Console(soft_wrap=True)
    console.print(f"wrote {target}: {tasks} tasks; specification, names and images checked")
    if picture is not None:
        _draw(target, picture)
        console.print(f"wrote {picture}")
    for sentence in (*misplaced(settings, pipeline), *vague_images(settings.cluster, pipeline)):
        console.print(f"[yellow]note:[/] {sentence}")


def _draw(package: Path, picture: Path) -> None:
    import yaml

    from pipelines.dags.picture import mermaid

    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(mermaid(next(yaml.safe_load_all(package.read_text()))))
