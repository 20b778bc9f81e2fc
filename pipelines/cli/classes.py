"""`graft classes`: classes that are added to a served model without a picture."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import options
from pipelines.workspace import default_model_name

app = typer.Typer(help="Add a class to a zero-shot model.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The new class.")],
    attributes: Annotated[
        str, typer.Option(help="What is true of it, as 'loop=1,stem=0': every column of the table.")
    ],
    model_name: options.ModelName = "",
    table: Annotated[
        Path | None,
        typer.Option(help="Where to write the longer table. Default: beside the model's own."),
    ] = None,
    model_base_path: options.PublishedModels = options.DEFAULT_MODELS,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
    serve_check: options.ServeCheck = True,
) -> None:
    """Answer one class more, known by its attributes alone.

    The settings of the version that serves are run again with a table that has one row more. Only
    the head is solved again. The gate judges by the classes that have pictures; the new one is
    called unproven in the passport.
    """
    from pipelines.cli.run import run
    from pipelines.local.classes import with_class

    model_dir = model_base_path / (model_name or default_model_name(model_base_path))
    longer = with_class(name, attributes, model_dir=model_dir, table=table)
    run(
        preset=str(longer.preset),
        assignments=list(longer.assignments),
        model_base_path=model_base_path,
        runs_dir=runs_dir,
        cache_dir=cache_dir,
        serve_check=serve_check,
    )


@app.callback()
def _classes() -> None:
    """With a callback, the one command there is keeps its name."""
