"""`graft gate`: what a person does about a verdict."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import options

app = typer.Typer(help="Deploy against the gate's word, on record.", no_args_is_help=True)


@app.command()
def override(
    run: Annotated[str, typer.Argument(help="A run's name, its folder, or 'latest'.")],
    reason: Annotated[
        str, typer.Option(help="Why; stands in the verdict and in the version's passport.")
    ],
    by: options.By = "",
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
) -> None:
    """Deploy the candidate of a finished run that the gate held back.

    The verdict keeps its word; who overrode it, when and why goes into the version's passport.
    """
    from pipelines.data.history import user_name
    from pipelines.local.override import override as deploy

    info = deploy(run, runs_dir=runs_dir, by=by or user_name(Path.cwd()), reason=reason)
    console = Console(soft_wrap=True)
    console.print(
        f"version [bold]{info.version}[/] of {escape(info.model_name)} serves, "
        "[yellow]against the gate's word[/]"
    )
    console.print(f"passport: {escape(info.passport)}")


@app.callback()
def _gate() -> None:
    """With a callback, the one command there is keeps its name."""
