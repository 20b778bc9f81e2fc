"""`graft run`: the whole pipeline on this machine, then a served prediction."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from components.common.errors import DataError, expected
from pipelines.config import preset_names, read_preset

DEMO_PRESET = "solar"
PICTURES_PRESET = "pictures"


def run(
    preset: Annotated[
        str | None,
        typer.Option(
            help="Settings to start from: one of "
            + ", ".join(preset_names())
            + ", or a YAML file. Default: solar, or pictures with --data."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Your pictures: a folder with a sub-folder for each class, or a manifest.csv."
        ),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a setting, e.g. --set train.epochs=5. Repeatable."),
    ] = None,
    model_base_path: Annotated[
        Path | None, typer.Option(help="Where versions are published. Default: serving/models.")
    ] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where run folders are made.")] = Path("runs"),
    cache_dir: Annotated[
        Path, typer.Option(help="Where reusable outputs of steps are kept.")
    ] = Path(".graft/cache"),
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Take nothing from earlier runs, work it all anew.")
    ] = False,
    serve_check: Annotated[
        bool,
        typer.Option(
            "--serve-check/--no-serve-check",
            help="At the end, serve the model and send it held-out pictures.",
        ),
    ] = True,
) -> None:
    """Validate, fine-tune, evaluate, judge, deploy and query a model, on this machine.

    Exit codes: 0 the run ended with a verdict (deploy, hold or insufficient), 1 a step failed,
    2 the pictures or settings cannot be used, 130 stopped.
    """
    from pipelines.config import override, resolve
    from pipelines.launching import Launch, execute, query_and_summarise

    started = time.monotonic()
    console = Console()
    name = preset or (PICTURES_PRESET if data else DEMO_PRESET)
    plain = with_paths(read_preset(name), data=data, model_base_path=model_base_path)
    plain = override(plain, assignments or ())
    settings = resolve(plain)
    kept = None if no_cache else cache_dir
    launch = Launch("run", preset=name, runs_dir=runs_dir, cache_dir=kept)
    finished = execute(launch, settings, plain, console=console)
    query_and_summarise(console, settings, finished, query=serve_check, started_s=started)


def with_paths(
    plain: dict[str, Any], *, data: Path | None, model_base_path: Path | None
) -> dict[str, Any]:
    """Put the paths of the command line into a preset's plain data, made absolute.

    Raises:
        DataError: `data` is neither a folder nor a .csv file.
    """
    result = dict(plain)
    if data is not None:
        result["ingest"] = {**(plain.get("ingest") or {}), **_source_of(data)}
    base = model_base_path or Path(str(plain.get("model_base_path", "serving/models")))
    result["model_base_path"] = str(base.resolve())
    return result


def _source_of(data: Path) -> dict[str, str]:
    if data.is_dir() and (data / "manifest.csv").is_file():
        data = data / "manifest.csv"
    if data.is_dir():
        return {"source": "folder", "path": str(data.resolve())}
    if data.is_file() and data.suffix.lower() == ".csv":
        return {"source": "manifest", "path": str(data.resolve())}
    received = "nothing there" if not data.exists() else "another kind of file"
    raise DataError(
        expected(
            f"a folder of pictures or a manifest.csv at '{data}'",
            received=received,
            do="correct the path",
        )
    )
