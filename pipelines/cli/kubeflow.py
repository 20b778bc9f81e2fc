"""What `graft submit` and `graft schedule` do with Kubeflow Pipelines: upload, show a run."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.markup import escape

from components.common.errors import GraftError
from pipelines.config import PipelineName, TrainingRun

if TYPE_CHECKING:
    from pipelines.cluster.compiled import CompiledPipeline
    from pipelines.cluster.connect import Connection
    from pipelines.cluster.runs.client import Run
    from pipelines.cluster.uploads import Uploaded


def print_notes(package: "CompiledPipeline", console: Console) -> None:
    """Print what may go wrong with a pipeline on a cluster."""
    for sentence in package.notes:
        console.print(f"[yellow]note:[/] {escape(sentence)}")


def compile_and_upload(
    settings: TrainingRun, pipeline: PipelineName, *, name: str, host: str, namespace: str
) -> "tuple[Connection, Uploaded]":
    """Compile and check a pipeline, print notes about it, and upload it.

    Args:
        settings: become the defaults of its parameters.
        pipeline: which one.
        name: the pipeline's on the server.
        host: the API's address.
        namespace: the user's.
    """
    from pipelines.cluster.compiled import compile_checked
    from pipelines.cluster.connect import connect
    from pipelines.cluster.uploads import upload

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        package = compile_checked(path, settings=settings, pipeline=pipeline)
        print_notes(package, Console(stderr=True, soft_wrap=True))
        connection = connect(host=host, namespace=namespace)
        return connection, upload(connection, path, name=name)


def show_until_over(
    connection: "Connection", run: "Run", *, wait: bool, poll_s: float = 5.0
) -> None:
    """Print a run's link, and its steps until it is over; then exit with its outcome.

    Args:
        connection: to the server.
        run: just started.
        wait: False prints the link only.
        poll_s: between two questions.

    Raises:
        typer.Exit: with the run's exit code.
    """
    from pipelines.cluster.runs.client import link
    from pipelines.cluster.runs.follow import follow
    from pipelines.cluster.runs.logs import unfinished_or_failed
    from pipelines.cluster.runs.show import ClusterStepList

    console = Console(soft_wrap=True)
    console.print(f"[bold]{escape(run.name)}[/]  {link(connection, run)}")
    if not wait:
        return
    try:
        steps = ClusterStepList(console)
        with steps.redrawn():
            run = follow(connection, run, on_change=steps, poll_s=poll_s)
    except (GraftError, KeyboardInterrupt):
        console.print(f"the run goes on; see it with `graft runs show {run.run_id}`")
        raise
    console.print(f"{run.state.lower()} after {run.seconds:.0f} s {escape(run.error)}".rstrip())
    if run.exit_code:
        task = unfinished_or_failed(run)
        if task is not None:
            console.print(f"read why: graft runs logs {run.run_id} {task.name}")
        raise typer.Exit(run.exit_code)
