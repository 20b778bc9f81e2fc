"""`graft run`: the whole pipeline on this machine, then a served prediction."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from components.common.errors import ConfigError, DataError, expected
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
    from components.common.run_summary import summarise, write_summary
    from pipelines.arguments import new_context, pipeline_arguments
    from pipelines.config import override, resolve
    from pipelines.live import StepList
    from pipelines.runners.local import run_locally
    from pipelines.summary import print_summary

    started = time.monotonic()
    console = Console()
    name = preset or (PICTURES_PRESET if data else DEMO_PRESET)
    plain = with_paths(read_preset(name), data=data, model_base_path=model_base_path)
    settings = resolve(override(plain, assignments or ()))
    context = new_context(
        settings,
        name=Path(name).stem,
        runs_dir=runs_dir,
        cache_dir=cache_dir,
        data_sha256=_pinned_data_sha256(settings.ingest.path),
    )
    run_dir = Path(context.run_dir)
    (run_dir / "settings.yaml").write_text(yaml.safe_dump(override(plain, assignments or ())))
    _point_latest(run_dir)
    console.print(f"[bold]graft run[/] {name}  ·  seed {settings.seed}  ·  {_short(run_dir)}")
    try:
        with StepList(console) as steps:
            finished = run_locally(context, pipeline_arguments(settings, context), on_change=steps)
    finally:
        # The exit step writes the summary; it cannot when the run itself was stopped.
        if not (run_dir / "run.json").exists():
            write_summary(summarise(run_dir, "interrupted"), run_dir)
    served = None
    if serve_check:
        from pipelines.held_out import ask_served_model

        served = ask_served_model(settings, finished.last, console=console)
    print_summary(console, settings, finished, served=served, wall_s=time.monotonic() - started)


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


def _pinned_data_sha256(path: str) -> str:
    """Return the digest that data.dvc pins, when the run reads the pinned data; else ""."""
    from pipelines.demo_data import data_sha256

    pinned = Path("data").resolve()
    if not Path(path).resolve().is_relative_to(pinned):
        return ""
    if not Path(path).exists():
        raise ConfigError(
            expected(f"the demo data at '{path}'", received="nothing there", do="run `make data`")
        )
    return data_sha256(Path.cwd())


def _point_latest(run_dir: Path) -> None:
    latest = run_dir.parent / "latest"
    partial = run_dir.parent / ".latest.partial"
    partial.unlink(missing_ok=True)
    partial.symlink_to(run_dir.name)
    partial.replace(latest)


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
