"""`graft rollback`: let the version before serve again."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.workspace import default_model_name


def rollback(
    model_name: Annotated[
        str,
        typer.Argument(
            help="The model to take back. Default: that in graft.yaml, else the only one published."
        ),
    ] = "",
    to: Annotated[
        int | None, typer.Option(help="The version that must serve. Default: the one before.")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; noted beside the versions.")] = "",
    by: options.By = "",
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
) -> None:
    """Retire the newest version, so that the one before it serves again; nothing is deleted."""
    from components.deploy.commands import rollback as take_back
    from pipelines.data.history import user_name

    model_name = model_name or default_model_name(model_base_path)
    done = take_back(
        model_base_path.resolve(), model_name, to=to, by=by or user_name(Path.cwd()), reason=reason
    )
    retired = f"; retired: {', '.join(map(str, done.retired))}" if done.retired else ""
    Console().print(f"version [bold]{done.serving}[/] serves again{retired}")
