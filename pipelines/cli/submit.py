"""`graft submit`: run a pipeline once on Kubeflow Pipelines."""

from typing import Annotated

import typer

from pipelines.cli import options
from pipelines.cli.settings import chosen_preset
from pipelines.config import override, read_preset, resolve


def submit(
    preset: options.ClusterPreset = None,
    pipeline: options.Pipeline = "training",
    wait: options.Wait = True,
    service_account: Annotated[
        str, typer.Option(help="Service account of the pods. Default: the server's.")
    ] = "",
    host: options.KubeflowHost = "",
    namespace: options.KubeflowNamespace = "",
    assignments: options.Assignments = None,
) -> None:
    """Upload the pipeline, start one run, and show its steps until it is over.

    Exit codes: 0 succeeded, 1 failed, 2 the settings cannot be used, 4 nobody answers, 130
    cancelled. Stopped by Ctrl-C, the run goes on.
    """
    from pipelines.cli.kubeflow import compile_and_upload, show_until_over
    from pipelines.cluster.runs.client import new_name, start
    from pipelines.dags.compiling import cluster_arguments

    settings = resolve(override(read_preset(chosen_preset(preset)), assignments or ()))
    name = f"graft-{pipeline}-{settings.model_name}"
    # Not the pipeline of the schedule: that takes the newest version, and this may be a trial.
    connection, uploaded = compile_and_upload(
        settings, pipeline, name=f"{name}-once", host=host, namespace=namespace
    )
    started = start(
        connection,
        name=new_name(name),
        pipeline_id=uploaded.pipeline_id,
        version_id=uploaded.version_id,
        # Sent although they are the defaults, so that each run shows what it was started with.
        parameters=cluster_arguments(settings, pipeline),
        service_account=service_account,
    )
    show_until_over(connection, started, wait=wait)
