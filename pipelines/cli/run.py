"""`graft run`: the whole pipeline on this machine, then a served prediction."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rich.console import Console

from components.common.errors import DataError, expected
from pipelines.cli import options
from pipelines.config import override, preset_name, read_preset


def run(
    preset: options.Preset = None,
    data: options.Data = None,
    assignments: options.Assignments = None,
    model_base_path: options.ModelBasePath = None,
    runs_dir: options.RunsDir = options.DEFAULT_RUNS_DIR,
    cache_dir: options.CacheDir = options.DEFAULT_CACHE_DIR,
    no_cache: options.NoCache = False,
    serve_check: options.ServeCheck = True,
    containers: options.InContainers = False,
    image: options.Image = options.DEFAULT_IMAGE,
) -> None:
    """Validate, fine-tune, evaluate, judge, deploy and query a model, on this machine.

    Exit codes: 0 the run ended with a verdict (deploy, hold or insufficient), 1 a step failed,
    2 the pictures or settings cannot be used, 130 stopped.
    """
    from pipelines.config import resolve
    from pipelines.local.launch import Launch, execute, query_and_summarise

    started = time.monotonic()
    console = Console()
    name = preset_name(preset, data=data)
    plain = with_paths(read_preset(name), data=data, model_base_path=model_base_path)
    plain = assigned(plain, assignments)
    settings = resolve(plain)
    launch = Launch(
        preset=name, runs_dir=runs_dir, cache_dir=None if no_cache else cache_dir,
        image=image if containers else "",
    )  # fmt: skip
    finished = execute(launch, settings, plain, console=console)
    query_and_summarise(console, settings, finished, query=serve_check, started_s=started)


def with_paths(
    plain: dict[str, Any], *, data: Path | None, model_base_path: Path | None
) -> dict[str, Any]:
    """Put the paths of the command line into a preset's plain data.

    Raises:
        DataError: `data` is neither a folder nor a .csv file.
    """
    result = dict(plain)
    if data is not None:
        result["ingest"] = {**(plain.get("ingest") or {}), **_source_of(data)}
    if model_base_path is not None:
        result["model_base_path"] = str(model_base_path)
    return result


def assigned(plain: dict[str, Any], assignments: Iterable[str] | None) -> dict[str, Any]:
    """Apply `--set KEY=VALUE`, and make the folder of models absolute from where the user stands.

    Raises:
        ConfigError: an assignment cannot be read.
    """
    result = override(plain, assignments or ())
    base = result.get("model_base_path", "serving/models")
    if isinstance(base, str) and base:  # else the settings refuse it
        result["model_base_path"] = str(Path(base).resolve())
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
