"""`graft submit`: run a pipeline once on Kubeflow Pipelines."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from components.common.errors import GraftError
from pipelines.cli import options
from pipelines.config import DEMO_PRESET, PipelineName, override, read_preset, resolve


def submit(
    preset: Annotated[str, typer.Option(help="Preset (name or YAML file).")] = DEMO_PRESET,
    pipeline: Annotated[
        PipelineName, typer.Option(help="training, tuning or monitoring.")
    ] = "training",
    wait: options.Wait = True,
    service_account: Annotated[str, typer.Option(help="Of the pods. Default: the server's.")] = "",
    host: options.KubeflowHost = "",
    namespace: options.KubeflowNamespace = "",
    assignments: options.Assignments = None,
) -> None:
    """Upload the pipeline, start one run, and show its steps until it is over.

    Exit codes: 0 succeeded, 1 failed, 2 the settings cannot be used, 4 nobody answers, 130
    cancelled. Stopped by Ctrl-C, the run goes on.
    """
    from pipelines.cluster.connect import connect
    from pipelines.cluster.runs.client import new_name, start
    from pipelines.cluster.spec.image_names import vague_images
    from pipelines.cluster.spec.places import misplaced
    from pipelines.cluster.spec.spec_checks import check_package
    from pipelines.cluster.uploads import upload
    from pipelines.dags.compiling import cluster_arguments, compile_to

    settings = resolve(override(read_preset(preset), assignments or ()))
    name = f"graft-{pipeline}-{settings.model_name}"
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "pipeline.yaml"
        compile_to(package, settings=settings, pipeline=pipeline)
        check_package(package)
        for sentence in (*misplaced(settings, pipeline), *vague_images(settings.cluster, pipeline)):
            Console(stderr=True, soft_wrap=True).print(f"[yellow]note:[/] {sentence}")
        connection = connect(host=host, namespace=namespace)
        # Not the pipeline of the schedule: that takes the newest version, whatever is tried here.
        uploaded = upload(connection, package, name=f"{name}-once")
    started = start(
        connection,
        name=new_name(name),
        pipeline_id=uploaded.pipeline_id,
        version_id=uploaded.version_id,
        # Said although they are the defaults: so that each run tells what it was started with.
        parameters=cluster_arguments(settings, pipeline),
        service_account=service_account,
    )
    show_until_over(connection, started, wait=wait)


def show_until_over(connection: Any, run: Any, *, wait: bool, poll_s: float = 5.0) -> None:
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
    from pipelines.cluster.runs.following import follow
    from pipelines.cluster.runs.step_list import ClusterStepList

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
        _hint(console, run)
        raise typer.Exit(run.exit_code)


def _hint(console: Console, run: Any) -> None:
    from pipelines.cluster.runs.logs import unfinished_or_failed

    task = unfinished_or_failed(run)
    if task is not None:
        console.print(f"read why: graft runs logs {run.run_id} {task.name}")
