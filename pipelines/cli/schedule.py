"""`graft schedule`: recurring runs on Kubeflow Pipelines, or a CronJob where there is none."""

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.cli import options
from pipelines.cli.settings import chosen_preset, merged
from pipelines.config import TrainingRun, override, read_preset, resolve

app = typer.Typer(
    help="Start a pipeline by the clock, on Kubeflow Pipelines or as a Kubernetes CronJob.",
    no_args_is_help=True,
)

Name = Annotated[str | None, typer.Argument(help="As listed. Default: the preset's.")]
Preset = options.ClusterPreset
Host = options.KubeflowHost
Namespace = options.KubeflowNamespace
Assignments = options.Assignments


@app.command()
def apply(
    preset: Preset = None,
    cron: options.Cron = None,
    host: Host = "",
    namespace: Namespace = "",
    assignments: Assignments = None,
) -> None:
    """Upload the pipeline and make its recurring run; applied twice, nothing changes.

    The run always takes the newest version of the pipeline, catches up on nothing, and runs
    never overlap.
    """
    from pipelines.cli.kubeflow import compile_and_upload
    from pipelines.cluster.schedules import apply as apply_schedule
    from pipelines.cluster.schedules import check_time_zone

    settings = resolve(_plain(preset, cron, assignments))
    schedule, name = settings.schedule, schedule_name(settings)
    check_time_zone(schedule)
    connection, uploaded = compile_and_upload(
        settings,
        schedule.pipeline,
        name=name,
        host=host,
        namespace=namespace,
        deadline_s=schedule.deadline_s,
    )
    change = apply_schedule(connection, name=name, cron=schedule.cron, uploaded=uploaded)
    fresh = "new" if uploaded.fresh else "known"
    when = f"'{schedule.cron}' {schedule.time_zone}"
    Console(soft_wrap=True).print(
        f"{name}: {change}, {when}, {fresh} pipeline version {uploaded.version_name}"
    )


@app.command("list")
def list_(host: Host = "", namespace: Namespace = "") -> None:
    """Show Graft's recurring runs."""
    from pipelines.cluster.connect import connect
    from pipelines.cluster.schedules import list_schedules

    console = Console()
    found = list_schedules(connect(host=host, namespace=namespace))
    if not found:
        console.print("no schedule; `graft schedule apply` makes one")
        return
    table = Table("name", "cron (seconds first)", "state", "pipeline version")
    for one in found:
        state = "on" if one.enabled else "off"
        table.add_row(
            escape(one.name),
            one.cron,
            escape(f"{state}: {one.last_error}") if one.last_error else state,
            one.version_id or "newest",
        )
    console.print(table)


@app.command()
def remove(
    name: Name = None,
    preset: Preset = None,
    host: Host = "",
    namespace: Namespace = "",
    assignments: Assignments = None,
) -> None:
    """Delete a recurring run; runs that are under way go on. Gone already is no error."""
    from pipelines.cluster.connect import connect
    from pipelines.cluster.schedules import remove as remove_schedule

    chosen = name or schedule_name(resolve(_plain(preset, None, assignments)))
    removed = remove_schedule(connect(host=host, namespace=namespace), chosen)
    Console().print(f"{escape(chosen)}: {'removed' if removed else 'was not there'}")


@app.command("run-now")
def run_now(
    name: Name = None,
    preset: Preset = None,
    wait: options.Wait = True,
    host: Host = "",
    namespace: Namespace = "",
    assignments: Assignments = None,
) -> None:
    """Start what a schedule starts, now; the exit code is the run's outcome."""
    from pipelines.cli.kubeflow import show_until_over
    from pipelines.cluster.connect import connect
    from pipelines.cluster.schedules import run_now as start

    chosen = name or schedule_name(resolve(_plain(preset, None, assignments)))
    connection = connect(host=host, namespace=namespace)
    show_until_over(connection, start(connection, chosen), wait=wait)


@app.command()
def manifest(
    preset: Preset = None,
    cron: options.Cron = None,
    model_base_path: Annotated[
        str, typer.Option(help="Where versions are published, inside the pod.")
    ] = "/models",
    assignments: Assignments = None,
) -> None:
    """Print the same schedule as a Kubernetes CronJob with its settings."""
    from pipelines.schedule.cronjob import manifest as cronjob

    plain = _plain(preset, cron, assignments)
    plain["model_base_path"] = model_base_path
    settings = resolve(plain)
    typer.echo(cronjob(settings.schedule, plain, name=kubernetes_name(settings)))


def schedule_name(settings: TrainingRun) -> str:
    """Return what recurring run and pipeline are called: one pair a model."""
    return f"graft-{settings.schedule.pipeline}-{settings.model_name}"


def kubernetes_name(settings: TrainingRun) -> str:
    """Return the same as Kubernetes takes it: small letters, digits, dashes."""
    return schedule_name(settings).lower().replace("_", "-").rstrip("-")[:52]


def _plain(preset: str | None, cron: str | None, assignments: list[str] | None) -> dict[str, Any]:
    flags = {"schedule": {"cron": cron}} if cron is not None else {}
    return override(merged(read_preset(chosen_preset(preset)), flags), assignments or ())
