"""`graft evaluate`: look again, and closer, at the model of a finished run."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import options


def evaluate(
    run: Annotated[str, typer.Argument(help="A run's name, its folder, or 'latest'.")] = "latest",
    full: Annotated[
        bool,
        typer.Option(
            help="Every fault on every picture at every severity, and more heat maps: minutes "
            "to hours."
        ),
    ] = True,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
) -> None:
    """Evaluate the model of a finished run once more and write a new page.

    In a run, faults, heat maps and times come from a small sample, so that it stays short. The
    verdict of the run stays as it is.
    """
    from pipelines.console.progress import bars
    from pipelines.local.evaluate_again import evaluate_again

    console = Console(soft_wrap=True)
    with bars(console):
        page = evaluate_again(run, runs_dir=runs_dir, full=full)
    console.print(f"report: {escape(str(page))}")
