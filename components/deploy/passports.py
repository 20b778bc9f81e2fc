"""Fill in a version's passport from the artifacts that led to it."""

import shlex
import time
from pathlib import Path
from typing import Any

import yaml

from components.common.artifacts.deployment import Agreement
from components.common.artifacts.evaluation import Evaluation
from components.common.artifacts.exported import Export
from components.common.artifacts.model_folder import settings_path
from components.common.artifacts.passport import Passport
from components.common.artifacts.verdict import Verdict
from components.common.run_context import RunContext


def draw_up(
    version: int,
    *,
    model_dir: Path,
    previous_version: int,
    exported: Export,
    evaluation: Evaluation,
    verdict: Verdict,
    rehearsal: tuple[Agreement, ...],
    run: RunContext,
    data_read_unix_s: float,
) -> Passport:
    """Return the passport of a version that is about to be published."""
    settings = _settings(run)
    return Passport(
        model_name=model_dir.name,
        version=version,
        state="staged",
        created_unix_s=time.time(),
        model_sha256=exported.info.model_sha256,
        previous_version=previous_version,
        run_id=run.run_id,
        commit=run.commit,
        data_sha256=run.data_sha256,
        config_sha256=run.config_sha256,
        settings=settings,
        classes=exported.info.classes,
        backbone=exported.info.backbone,
        method=exported.info.method,
        image_size_px=exported.info.image_size_px,
        test_pictures=evaluation.info.pictures,
        test_groups=evaluation.info.groups,
        metrics=evaluation.info.metrics,
        verdict=verdict.info,
        rehearsal=rehearsal,
        rebuild=_rebuild(run, settings_path(model_dir, version) if settings else None),
        data_read_unix_s=data_read_unix_s,
    )


def _settings(run: RunContext) -> dict[str, Any]:
    """Return what the run was started with, where it left that on this machine."""
    path = Path(run.run_dir) / "settings.yaml"
    if not run.run_dir or not path.is_file():
        return {}
    settings: dict[str, Any] = yaml.safe_load(path.read_text())
    return settings


def _rebuild(run: RunContext, preset: Path | None) -> tuple[str, ...]:
    commands = []
    if run.commit:
        # A "+" says that files differed from the commit; nothing better can be checked out.
        commands.append(f"git checkout {run.commit.removesuffix('+')}")
    commands.append("make install")
    if run.data_sha256:
        commands.append("make data")
    if preset is not None:
        commands.append(f"graft run --preset {shlex.quote(str(preset))}")
    return tuple(commands)
