"""From settings to a finished local run: name it, run it, watch it, sum it up."""

import dataclasses
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from components.common.artifacts.records import write_record
from components.common.files import new_file
from components.common.run_summary import summarise, write_summary
from pipelines.config import PipelineName, TrainingRun, override, resolve
from pipelines.console.paths import short
from pipelines.console.progress import bars
from pipelines.console.steps import StepList
from pipelines.console.training_summary import print_summary
from pipelines.dags import PIPELINES, arguments
from pipelines.dags.contexts import new_context
from pipelines.data.tracking import PIN
from pipelines.local.containers import CONTAINERS, check_image, containers_for
from pipelines.local.door import check_apart, check_data, check_place, check_product, fetch_weights
from pipelines.local.run import LocalRun, run_locally
from pipelines.local.warm import warm_parent


@dataclass(frozen=True)
class Launch:
    """What is started: the preset's name, the places, the pipeline.

    cache_dir: where reusable outputs of steps are; None computes every step.
    budget_min: minutes from now until the run should be done; 0 without a limit.
    image: run the steps in containers of this image; "" in subprocesses.
    name: what the run's folder is called, after the time; "" takes the model's name.
    """

    preset: str
    runs_dir: Path
    cache_dir: Path | None
    pipeline: PipelineName = "training"
    budget_min: float = 0.0
    image: str = ""
    name: str = ""


def run_and_summarise(
    launch: Launch,
    settings: TrainingRun,
    plain: dict[str, Any],
    *,
    console: Console,
    query: bool,
) -> LocalRun:
    """Run a pipeline, ask what it published if wanted, and print the end; all else as `execute`.

    Behind `graft run` and `graft tune` as well as `graft.run` in Python.
    """
    started_s = time.monotonic()
    # First: who is refused does not wait for the warm parent, which imports TensorFlow.
    settings = _checked(launch, settings, plain, console)
    with nullcontext() if launch.image else warm_parent():
        finished = _execute(launch, settings, plain, console=console)
        query_and_summarise(console, launch, settings, finished, query=query, started_s=started_s)
    return finished


def execute(
    launch: Launch, settings: TrainingRun, plain: dict[str, Any], *, console: Console
) -> LocalRun:
    """Run a pipeline on this machine and show its steps; `plain` are the settings as written.

    Raises:
        InputError: pictures, weights or a folder cannot be used; nothing has been started.
        PipelineFailedError: a step failed; the run's summary is written all the same.
    """
    settings = _checked(launch, settings, plain, console)
    return _execute(launch, settings, plain, console=console)


def _execute(
    launch: Launch, settings: TrainingRun, plain: dict[str, Any], *, console: Console
) -> LocalRun:
    pinned = "" if settings.ingest.data_rev else _pinned_data_sha256(settings.ingest.path)
    context = new_context(
        settings,
        name=launch.name or settings.model_name,
        runs_dir=launch.runs_dir,
        cache_dir=launch.cache_dir,
        data_sha256=pinned,
    )
    if launch.budget_min:
        deadline = time.time() + 60.0 * launch.budget_min
        context = dataclasses.replace(context, deadline_unix_s=deadline)
    run_dir = Path(context.run_dir)
    (run_dir / "settings.yaml").write_text(yaml.safe_dump(plain))
    if launch.image:
        tune = "rank" in PIPELINES[launch.pipeline].steps
        containers = containers_for(
            settings, image=launch.image, run_dir=run_dir, cache_dir=launch.cache_dir, tune=tune
        )
        check_image(launch.image)
        write_record(run_dir / CONTAINERS, containers)
    with new_file(run_dir.parent / "latest", durable=False) as latest:
        latest.symlink_to(run_dir.name)
    console.print(
        f"[bold]graft {PIPELINES[launch.pipeline].command}[/] {launch.preset}  ·  "
        f"seed {settings.seed}  ·  {short(run_dir)}"
    )
    given = arguments(launch.pipeline, settings, context)
    try:
        steps = StepList(console)
        with steps.redrawn():
            return run_locally(context, given, on_change=steps, pipeline=launch.pipeline)
    except KeyboardInterrupt:
        if launch.cache_dir is None:
            raise
        raise KeyboardInterrupt("the same command goes on where it was") from None
    finally:
        # The exit step writes the summary; it cannot when the run itself was stopped.
        if not (run_dir / "run.json").exists():
            write_summary(summarise(run_dir, "interrupted"), run_dir)


def _checked(
    launch: Launch, settings: TrainingRun, plain: dict[str, Any], console: Console
) -> TrainingRun:
    """Refuse what cannot end well; return the settings that the steps are given."""
    models = Path(settings.model_base_path) / settings.model_name
    check_place(launch.runs_dir, of="runs", option="--runs-dir")
    check_place(models, of="models", option="--model-base-path")
    if launch.cache_dir is not None:
        check_place(launch.cache_dir, of="cache", option="--cache-dir")
    if launch.pipeline == "monitoring":
        return settings
    if settings.ingest.source == "folder" and settings.ingest.path:
        for place in (launch.runs_dir, models):
            check_apart(Path(settings.ingest.path), place)
    check_data(settings)
    with bars(console):
        check_product(settings)
    if launch.pipeline == "training" and not settings.train.warm_start:
        file = fetch_weights(settings.train, console)
        if file and launch.image:  # which has no network
            return resolve(override(plain, [f"train.weights={file}"]))
    return settings


def query_and_summarise(
    console: Console,
    launch: Launch,
    settings: TrainingRun,
    finished: LocalRun,
    *,
    query: bool,
    started_s: float,
) -> None:
    """Ask the served model about held-out pictures if wanted, and print the run's end.

    `started_s` is what `time.monotonic()` said when the command began.
    """
    served = None
    if query:
        from pipelines.local.serve_check import ask_served_model

        served = ask_served_model(
            settings, finished.last, cache_dir=launch.cache_dir, console=console
        )
    wall_s = time.monotonic() - started_s
    print_summary(console, settings, finished, served=served, wall_s=wall_s)


def _pinned_data_sha256(path: str) -> str:
    """Return the digest that data.dvc pins, when the run reads the pinned data; else ""."""
    from pipelines.data.demo import data_sha256

    is_pinned = Path(PIN).is_file() and Path(path).resolve().is_relative_to(Path("data").resolve())
    return data_sha256(Path.cwd()) if is_pinned else ""
