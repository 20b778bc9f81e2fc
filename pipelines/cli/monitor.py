"""`graft monitor` and `graft watch`: look at what production sent, once or on a schedule."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from pipelines.cli import options
from pipelines.cli.settings import choose

Log = Annotated[
    Path | None, typer.Option(help="Folder of the prediction log. Default: the preset's.")
]
Pictures = Annotated[
    Path | None, typer.Option(help="A folder of pictures to look at instead of the log.")
]
Audit = Annotated[
    Path | None,
    typer.Option(help="What `graft audit sample` wrote, filled in: the loss is then measured."),
]


def monitor(
    preset: options.Preset = None,
    data: options.Data = None,
    log: Log = None,
    pictures: Pictures = None,
    audit: Audit = None,
    assignments: options.Assignments = None,
    model_base_path: options.ModelBasePath = None,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
) -> None:
    """Check once whether production has changed, whether it matters, and what to do.

    If the word is "retrain", the training pipeline follows at once. Exit codes: 0 for every word,
    1 a step failed, 2 settings or pictures cannot be used.
    """
    from pipelines.local.launch import Launch
    from pipelines.schedule.watch import look_once

    flags = {"monitor": _absolute(log=log, pictures=pictures, audit=audit)}
    chosen = choose(
        preset, data, model_base_path=model_base_path, flags=flags, assignments=assignments
    )
    launch = Launch(chosen.preset, runs_dir, cache_dir, pipeline="monitoring")
    look_once(launch, chosen.run, chosen.plain, Console())


def watch(
    preset: options.Preset = None,
    data: options.Data = None,
    log: Log = None,
    cron: options.Cron = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of the cron expression, as Europe/Berlin.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Check once, now, and end.")] = False,
    print_systemd: Annotated[
        bool, typer.Option("--print-systemd", help="Print a service and a timer unit, and end.")
    ] = False,
    assignments: options.Assignments = None,
    model_base_path: options.ModelBasePath = None,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
) -> None:
    """Run `graft monitor` at the times of a cron expression, without a cluster.

    One check at a time; one that fails does not end the watch. Exit codes as `graft monitor`.
    """
    from pipelines.local.launch import Launch
    from pipelines.schedule.systemd import units
    from pipelines.schedule.watch import alone, keep_looking, look_once

    when = {"cron": cron, "time_zone": time_zone}
    flags = {
        "monitor": _absolute(log=log),
        "schedule": {key: value for key, value in when.items() if value is not None},
    }
    chosen = choose(
        preset, data, model_base_path=model_base_path, flags=flags, assignments=assignments
    )
    if print_systemd:
        places = {
            "--preset": preset,
            "--data": data,
            "--log": log,
            "--model-base-path": model_base_path,
            "--runs-dir": runs_dir,
            "--cache-dir": cache_dir,
        }
        words = ["watch", "--once"]
        for flag, value in places.items():
            words += [flag, str(value)] if value is not None else []
        for assignment in assignments or ():
            words += ["--set", assignment]
        name = f"graft-watch-{chosen.run.model_name}"
        typer.echo(units(chosen.run.schedule, name=name, words=words, folder=Path.cwd()))
        return
    launch = Launch(chosen.preset, runs_dir, cache_dir, pipeline="monitoring")
    console = Console()
    look = partial(look_once, launch, chosen.run, chosen.plain, console)
    with alone(runs_dir, chosen.run.model_name):
        if once:
            look()
        else:
            keep_looking(chosen.run.schedule, look, console=console)


def _absolute(**paths: Path | None) -> dict[str, str]:
    return {name: str(path.resolve()) for name, path in paths.items() if path is not None}
