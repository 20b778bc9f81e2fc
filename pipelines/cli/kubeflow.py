"""What `graft submit` and `graft schedule` do with Kubeflow Pipelines: upload, show a run."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from components.common.errors import GraftError
from pipelines.config import PipelineName, TrainingRun

if TYPE_CHECKING:
    from pipelines.cluster.connect import Connection
    from pipelines.cluster.runs.client import Run
    from pipelines.cluster.uploads import Uploaded


def print_notes(notes: Iterable[str], console: Console) -> None:
    """Print what may go wrong with a pipeline on a cluster."""
    for sentence in notes:
        console.print(f"[yellow]note:[/] {escape(sentence)}")


def compile_and_upload(
    settings: TrainingRun,
    pipeline: PipelineName,
    *,
    name: str,
    host: str,
    namespace: str,
    deadline_s: int = 0,
) -> "tuple[Connection, Uploaded]":
    """Compile and check a pipeline, print notes about it, and upload it as `name`."""
    from pipelines.cluster.compiled import compile_checked
    from pipelines.cluster.connect import connect
    from pipelines.cluster.uploads import upload

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        _, notes = compile_checked(
            path, settings=settings, pipeline=pipeline, deadline_s=deadline_s
        )
        print_notes(notes, Console(stderr=True, soft_wrap=True))
        connection = connect(host=host, namespace=namespace)
        return connection, upload(connection, path, name=name)


def show_until_over(connection: "Connection", run: "Run", *, wait: bool) -> None:
    """Print a run's link and, with `wait`, its steps until it is over; exit with its outcome.

    Raises:
        typer.Exit: with the run's exit code.
    """
    from pipelines.cluster.runs.client import follow, link
    from pipelines.cluster.runs.logs import unfinished_or_failed
    from pipelines.cluster.runs.show import ClusterStepList

    console = Console(soft_wrap=True)
    console.print(f"[bold]{escape(run.name)}[/]  {link(connection, run)}")
    if not wait:
        return
    try:
        steps = ClusterStepList(console)
        with steps.redrawn():
            run = follow(connection, run, on_change=steps)
    except (GraftError, KeyboardInterrupt):
        console.print(f"the run goes on; see it with `graft runs show {run.run_id}`")
        raise
    console.print(f"{run.state.lower()} after {run.seconds:.0f} s {escape(run.error)}".rstrip())
    if run.exit_code:
        task = unfinished_or_failed(run)
        if task is not None:
            console.print(f"read why: graft runs logs {run.run_id} {task.name}")
        raise typer.Exit(run.exit_code)
