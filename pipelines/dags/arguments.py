"""From a typed run to the pipeline's arguments: one JSON string a section."""

import dataclasses
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from components.common import config
from components.common.run_context import RunContext
from pipelines.config import MONITORING_STEPS, STEPS, TUNING_STEPS, TrainingRun


def pipeline_arguments(settings: TrainingRun, context: RunContext) -> dict[str, str]:
    """Return what `training_pipeline` is called with."""
    sections = {f"{step}_config": config.to_json(getattr(settings, step)) for step in STEPS}
    return {"run": config.to_json(context), **sections}


def tuning_arguments(settings: TrainingRun, context: RunContext) -> dict[str, str]:
    """Return what `tuning_pipeline` is called with: shards of the largest size come first."""
    largest = max(settings.tune.rank.sizes_px, default=settings.augment.image_size_px)
    augment = dataclasses.replace(settings.augment, image_size_px=largest)
    sections = {
        f"{step}_config": config.to_json(getattr(settings.tune, step)) for step in TUNING_STEPS
    }
    return {
        **pipeline_arguments(dataclasses.replace(settings, augment=augment), context),
        **sections,
    }


def monitoring_arguments(settings: TrainingRun, context: RunContext) -> dict[str, str]:
    """Return what `monitoring_pipeline` is called with: training starts from what serves."""
    served = str(Path(settings.model_base_path) / settings.model_name)
    train = dataclasses.replace(
        settings.train, warm_start=served if settings.retrain.warm_start else ""
    )
    monitor = settings.monitor
    if not monitor.additions:
        monitor = dataclasses.replace(monitor, additions=_additions(settings))
    settings = dataclasses.replace(settings, monitor=monitor)
    sections = {
        f"{step}_config": config.to_json(getattr(settings, step)) for step in MONITORING_STEPS
    }
    return {
        **pipeline_arguments(dataclasses.replace(settings, train=train), context),
        **sections,
    }


def _additions(settings: TrainingRun) -> str:
    """Return where `graft data add` lists what came in later; "" where nothing can be added."""
    from components.ingest.commands import additions_table

    table = additions_table(settings.ingest)
    return str(table) if table is not None else ""


def new_context(
    settings: TrainingRun, *, name: str, runs_dir: Path, cache_dir: Path | None, data_sha256: str
) -> RunContext:
    """Name a run, make its folder, and note where code and data stand.

    Args:
        settings: the resolved run.
        name: a word for the run's folder, usually the preset's name.
        runs_dir: where run folders are made.
        cache_dir: where steps find and leave reusable outputs; None works everything anew.
        data_sha256: digest of the pinned data, "" when the pictures are the user's own.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    run_dir = _fresh(runs_dir / f"{stamp}-{name}")
    return RunContext(
        run_id=run_dir.name,
        commit=git_commit(),
        data_sha256=data_sha256,
        config_sha256=config.digest(settings),
        run_dir=str(run_dir.resolve()),
        cache_dir=str(cache_dir.resolve()) if cache_dir else "",
    )


def _fresh(folder: Path) -> Path:
    for attempt in range(1000):
        candidate = folder if attempt == 0 else folder.with_name(f"{folder.name}-{attempt}")
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            continue
        return candidate
    raise FileExistsError(folder)


def git_commit() -> str:
    """Return the commit of the working tree, with "+" when files differ; "" without git."""
    head = _git("rev-parse", "HEAD")
    return head + ("+" if head and _git("status", "--porcelain", "--untracked-files=no") else "")


def _git(*words: str) -> str:
    folder = Path(__file__).parent
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def write_arguments(path: Path, arguments: dict[str, str]) -> None:
    """Leave the arguments where the local runner's process finds them."""
    path.write_text(json.dumps(arguments, indent=2) + "\n")
