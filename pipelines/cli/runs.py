"""`graft runs`: what was started on Kubeflow Pipelines."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.common.errors import DataError
from pipelines.cli import options

if TYPE_CHECKING:
    from pipelines.cluster.connect import Connection
    from pipelines.cluster.runs.client import Run

app = typer.Typer(
    help="List, show, compare and stop runs on Kubeflow Pipelines.", no_args_is_help=True
)

Host = options.KubeflowHost
Namespace = options.KubeflowNamespace
Word = Annotated[str, typer.Argument(help="A run's id or name, or 'latest'.")]
Limit = Annotated[int, typer.Option(min=1, max=200, help="How many at most.")]


@app.command("list")
def list_(limit: Limit = 20, host: Host = "", namespace: Namespace = "") -> None:
    """Show the newest runs."""
    from pipelines.cluster.connect import connect
    from pipelines.cluster.runs.client import list_runs

    console = Console()
    found = list_runs(connect(host=host, namespace=namespace), limit=limit)
    if not found:
        console.print("no run; `graft submit` starts one")
        return
    table = Table("name", "state", "started", "seconds", "started by", "id")
    for run in found:
        table.add_row(
            escape(run.name),
            run.state.lower(),
            f"{run.created:%Y-%m-%d %H:%M}" if run.created else "",
            f"{run.seconds:.0f}",
            "a schedule" if run.recurring_run_id else "hand",
            run.run_id,
        )
    console.print(table)


@app.command()
def show(word: Word = "latest", host: Host = "", namespace: Namespace = "") -> None:
    """Show a run and its steps."""
    from pipelines.cluster.runs.client import link
    from pipelines.cluster.runs.show import step_table

    connection, run = _find(host, namespace, word)
    console = Console(soft_wrap=True)
    console.print(f"[bold]{escape(run.name)}[/]  {link(connection, run)}")
    console.print(f"{run.state.lower()}, {run.seconds:.0f} s {escape(run.error)}".rstrip())
    console.print(step_table(run))


@app.command()
def compare(
    first: Word, second: Word = "latest", host: Host = "", namespace: Namespace = ""
) -> None:
    """Show in which settings two runs differ, and how their steps went; measures by the link."""
    from pipelines.cluster.runs.client import link, parameters_of
    from pipelines.cluster.runs.compare import differences, outcomes

    (connection, one), (_, other) = (_find(host, namespace, word) for word in (first, second))
    console = Console(soft_wrap=True)
    settings = Table("setting", escape(one.name), escape(other.name))
    for row in differences(parameters_of(connection, one), parameters_of(connection, other)):
        settings.add_row(*map(escape, row))
    console.print(settings if settings.row_count else "the settings are the same")
    steps = Table("step", escape(one.name), escape(other.name))
    for row in outcomes(one, other):
        steps.add_row(*row)
    console.print(steps)
    console.print(f"measures: {link(connection, one, other)}")


@app.command()
def logs(
    word: Word = "latest",
    step: Annotated[
        str | None, typer.Argument(help="Default: the step that failed, else the one that runs.")
    ] = None,
    host: Host = "",
    namespace: Namespace = "",
) -> None:
    """Print what a step wrote."""
    from pipelines.cluster.runs.logs import read_log, unfinished_or_failed

    connection, run = _find(host, namespace, word)
    if step is None:
        task = unfinished_or_failed(run)
        if task is None:
            known = ", ".join(task.name for task in run.tasks) or "those to come"
            raise DataError(
                "the name of a step",
                received=f"none, and no step of {run.name} failed or runs",
                do=f"add one of {known}",
            )
        step = task.name
    typer.echo(read_log(connection, run, step))


@app.command()
def cancel(word: Word, host: Host = "", namespace: Namespace = "") -> None:
    """Stop a run; one that is over already is no error."""
    from pipelines.cluster.runs.client import cancel as cancel_run

    connection, run = _find(host, namespace, word)
    stopped = cancel_run(connection, run)
    Console().print(f"{escape(run.name)}: {'cancelled' if stopped else run.state.lower()}")


def _find(host: str, namespace: str, word: str) -> "tuple[Connection, Run]":
    from pipelines.cluster.connect import connect
    from pipelines.cluster.runs.client import find

    connection = connect(host=host, namespace=namespace)
    return connection, find(connection, word)
