"""`graft export`: a published version as a file for elsewhere."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options

Model = Annotated[str, typer.Argument(help="A model's name, or the folder of one version.")]
VersionNumber = Annotated[int | None, typer.Option(help="Which version. Default: the newest.")]


def export(
    model: Model,
    to: Annotated[str, typer.Option(help="Format: onnx, litert or keras.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write. Default: NAME-VERSION here.")
    ] = None,
    version: VersionNumber = None,
    pictures: Annotated[
        Path | None,
        typer.Option(
            help="Compare answers on these instead: a folder, or a picture. Default: what the "
            "run's own export was checked on."
        ),
    ] = None,
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
) -> None:
    """Write a version as ONNX, LiteRT or Keras file, checked to answer like what serves.

    A record beside it, a JSON file, says what the file takes, the classes, and the
    operating point. How pictures get ready for it: docs/how-to/export.md.

    Exit codes: 0 written, 1 the file would answer otherwise, 2 it cannot be made.
    """
    from components.export.commands import export_version
    from pipelines.console.progress import bars
    from pipelines.local.finished import silence_tensorflow
    from pipelines.passports.find import find_passport, find_version
    from serving.client.pictures.folders import find_pictures

    found = find_version(model, models=model_base_path, number=version)
    passport = find_passport(str(found.number), found.path.parent)
    compared = find_pictures([pictures]) if pictures else []
    silence_tensorflow()
    console = Console(soft_wrap=True)
    with bars(Console(stderr=True)):
        done = export_version(found, passport, to=to, out=out, pictures=compared)
    size_mb = done.path.stat().st_size / 1e6
    console.print(f"wrote [bold]{done.path}[/], {size_mb:.1f} MB, and {done.record}")
    console.print(f"takes {done.takes}\ngives {done.gives}", markup=False, highlight=False)
    console.print(
        f"answers like version {found.number}: probabilities at most {done.difference:.1g} apart "
        f"on {done.pictures} pictures (allowed: {done.tolerance:g})"
    )
