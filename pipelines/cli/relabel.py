"""`graft data relabel`: corrected labels go back into the data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import options
from pipelines.cli.settings import choose

if TYPE_CHECKING:
    from pipelines.data.labels import Added, Relabelled


def relabel(
    table: Annotated[
        Path,
        typer.Argument(help="A CSV file: path, label, corrected; as label_errors.csv of a run."),
    ],
    preset: options.DataPreset = None,
    data: options.DataSet = None,
    assignments: options.Assignments = None,
    by: options.By = "",
    dry_run: options.DryRun = False,
) -> None:
    """Correct labels of the data set, all rows of the table or none; kept splits do not move.

    The corrections stand in relabelled.csv beside the data, with who and when; nothing of yours is
    changed. Exit codes: 0 corrected, 2 a row is wrong (nothing was changed) or DVC did not follow.
    """
    from pipelines.data.labels import correct

    console = Console()
    run = choose(preset, data, assignments=assignments).run
    done = correct(table, run=run, by=by, dry_run=dry_run)
    words = "would be corrected" if dry_run else "corrected"
    for one in done.corrections[:20]:
        console.print(f"{escape(one.path)}: {escape(one.label)} → {escape(one.corrected)}")
    console.print(f"[green]{len(done.corrections)} {words}[/]")
    show_pin(console, done)
    if done.pin_problem:
        raise typer.Exit(2)


def show_pin(console: Console, done: "Added | Relabelled") -> None:
    """Say whether the `.dvc` file pins what was changed, where there is one."""
    if done.pin_problem:
        problem = escape(done.pin_problem)
        console.print(f"[red]{done.pin} is not updated:[/] {problem}", soft_wrap=True)
    elif done.pin:
        console.print(f"[green]✔[/] {done.pin} pins the new state; commit it, then 'dvc push'")
