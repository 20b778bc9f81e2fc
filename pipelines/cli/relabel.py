"""`graft data relabel`: corrected labels go back into the data set."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import options
from pipelines.cli.settings import choose


def relabel(
    table: Annotated[
        Path,
        typer.Argument(help="A CSV file: path, label, corrected; as label_errors.csv of a run."),
    ],
    preset: Annotated[
        str | None, typer.Option(help="The run whose data set is corrected. Default: graft.yaml's.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="The data set: its folder or manifest.csv.")
    ] = None,
    assignments: options.Assignments = None,
    by: Annotated[
        str, typer.Option(help="Who corrects. Default: your name in git, else your login.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would happen.")] = False,
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
    if done.pin_problem:
        problem = escape(done.pin_problem)
        console.print(f"[red]{done.pin} is not updated:[/] {problem}", soft_wrap=True)
        raise typer.Exit(2)
    if done.pin:
        console.print(f"[green]✔[/] {done.pin} pins the new state; commit it, then 'dvc push'")
