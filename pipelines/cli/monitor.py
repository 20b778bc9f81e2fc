"""`graft monitor` and `graft watch`: look at what production sent, once or on a schedule."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from pipelines.cli.run import assigned, with_paths
from pipelines.config import TrainingRun, preset_name, preset_names, read_preset, resolve

Preset = Annotated[
    str | None,
    typer.Option(
        help="Settings to start from: one of "
        + ", ".join(preset_names())
        + ", or a YAML file. Default: solar, or pictures with --data."
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(help="The data set that a run would train with: a folder, or a manifest.csv."),
]
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
Assignments = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a setting: --set monitor.policy.cool_down_h=24."),
]
BasePath = Annotated[
    Path | None, typer.Option(help="Where versions are published. Default: serving/models.")
]
Runs = Annotated[Path, typer.Option(help="Where run folders are made.")]
Cache = Annotated[Path, typer.Option(help="Where reusable outputs of steps are kept.")]


def monitor(
    preset: Preset = None,
    data: Data = None,
    log: Log = None,
    pictures: Pictures = None,
    audit: Audit = None,
    assignments: Assignments = None,
    model_base_path: BasePath = None,
    runs_dir: Runs = Path("runs"),
    cache_dir: Cache = Path(".graft/cache"),
) -> None:
    """Look once: has production changed, does it matter, and what is to be done.

    If the word is "retrain", the training pipeline follows at once. Exit codes: 0 for every word,
    1 a step failed, 2 settings or pictures cannot be used.
    """
    from pipelines.schedule.watch import look_once

    name = preset_name(preset, data=data)
    places = {"log": log, "pictures": pictures, "audit": audit}
    plain = _plain(name, places, data, model_base_path, assignments)
    look_once(_watch(name, plain, runs_dir, cache_dir), Console())


def watch(
    preset: Preset = None,
    data: Data = None,
    log: Log = None,
    cron: Annotated[
        str | None,
        typer.Option(help="When, as '0 5 * * *'. Default: the preset's schedule.cron."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Of the cron expression, as Europe/Berlin.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Look now, once, and end.")] = False,
    print_systemd: Annotated[
        bool, typer.Option("--print-systemd", help="Print a service and a timer unit, and end.")
    ] = False,
    assignments: Assignments = None,
    model_base_path: BasePath = None,
    runs_dir: Runs = Path("runs"),
    cache_dir: Cache = Path(".graft/cache"),
) -> None:
    """Look whenever a cron expression says so, one look at a time, without a cluster.

    A look that fails does not end the watch.
    """
    from pipelines.schedule.watch import alone, keep_looking, look_once

    name = preset_name(preset, data=data)
    plain = _plain(name, {"log": log}, data, model_base_path, assignments)
    chosen = {"cron": cron, "time_zone": time_zone}
    given = {key: value for key, value in chosen.items() if value is not None}
    plain["schedule"] = {**(plain.get("schedule") or {}), **given}
    watched = _watch(name, plain, runs_dir, cache_dir)
    schedule, model_name = watched.settings.schedule, watched.settings.model_name
    if print_systemd:
        places = {
            "--preset": preset,
            "--data": data,
            "--log": log,
            "--model-base-path": model_base_path,
            "--runs-dir": runs_dir,
            "--cache-dir": cache_dir,
        }
        typer.echo(_units(watched.settings, places, assignments or ()))
        return
    console = Console()
    with alone(runs_dir, model_name):
        if once:
            look_once(watched, console)
            return
        keep_looking(schedule, lambda: look_once(watched, console), console=console)


def _plain(
    name: str,
    places: dict[str, Path | None],
    data: Path | None,
    model_base_path: Path | None,
    assignments: list[str] | None,
) -> dict[str, Any]:
    plain = with_paths(read_preset(name), data=data, model_base_path=model_base_path)
    given = {key: str(path.resolve()) for key, path in places.items() if path is not None}
    plain["monitor"] = {**(plain.get("monitor") or {}), **given}
    return assigned(plain, assignments)


def _watch(name: str, plain: dict[str, Any], runs_dir: Path, cache_dir: Path) -> Any:
    from pipelines.local.launch import Launch
    from pipelines.schedule.watch import Watch

    launch = Launch(name, runs_dir, cache_dir, pipeline="monitoring")
    return Watch(settings=resolve(plain), plain=plain, launch=launch)


def _units(
    settings: TrainingRun, places: Mapping[str, str | Path | None], assignments: Iterable[str]
) -> str:
    from pipelines.schedule.systemd import units

    words = ["watch", "--once"]
    for flag, value in places.items():
        words += [flag, str(value)] if value is not None else []
    for assignment in assignments:
        words += ["--set", assignment]
    name = f"graft-watch-{settings.model_name}"
    return units(settings.schedule, name=name, words=words, folder=Path.cwd())
