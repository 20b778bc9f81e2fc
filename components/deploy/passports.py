"""Fill in a version's passport from the artifacts that led to it."""

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.deployment import Agreement
from components.common.artifacts.exported import Export
from components.common.artifacts.judging.evaluation import Evaluation
from components.common.artifacts.judging.verdict import Verdict
from components.common.artifacts.lineage import content_sha256, gathered
from components.common.artifacts.model_folder import settings_path
from components.common.artifacts.passport import Passport
from components.common.run_context import RunContext
from components.deploy import origins

REBUILT = "rebuilt"


def draw_up(
    version: int,
    *,
    model_dir: Path,
    previous_version: int,
    exported: Export,
    evaluation: Evaluation,
    verdict: Verdict,
    dataset: Dataset,
    rehearsal: tuple[Agreement, ...],
    run: RunContext,
    data_read_unix_s: float,
    weights_sha256: str,
) -> Passport:
    """Return the passport of a version that is about to be published."""
    links = gathered([exported.root, dataset.root])
    made_by = origins.sections(content_sha256(exported.root), links)
    made = origins.pinned(
        made_by,
        model_dir=model_dir,
        version=version,
        previous_version=previous_version,
        evidence=dataset.info.evidence,
    )
    settings = _settings(run) | made
    if settings:
        settings = {"model_name": model_dir.name} | settings
    weights, licence = origins.weights(
        made_by, backbone=exported.info.backbone, sha256=weights_sha256
    )
    return Passport(
        model_name=model_dir.name,
        version=version,
        state="staged",
        created_unix_s=time.time(),
        model_sha256=exported.info.model_sha256,
        previous_version=previous_version,
        run_id=run.run_id,
        run_page=run.page,
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
        rebuild=_rebuild(run, settings, model_dir=model_dir, version=version),
        data_read_unix_s=data_read_unix_s,
        evidence=dataset.info.evidence,
        data=origins.data_page(dataset, made_by),
        seeds=origins.seeds(made_by),
        weights=weights,
        weights_licence=licence,
        per_class=evaluation.info.per_class,
        slices=evaluation.info.slices,
        notes=evaluation.info.notes,
        unproven=evaluation.info.unproven,
        fit=exported.info.fit,
    )


def _settings(run: RunContext) -> dict[str, Any]:
    """Return what the run was started with, where it left that on this machine."""
    path = Path(run.run_dir) / "settings.yaml"
    if not run.run_dir or not path.is_file():
        return {}
    settings: dict[str, Any] = yaml.safe_load(path.read_text())
    return settings


def _rebuild(
    run: RunContext, settings: Mapping[str, Any], *, model_dir: Path, version: int
) -> tuple[str, ...]:
    """Return the commands, the last of which says whether the same model came out."""
    commands = []
    if run.commit:
        # A "+" says that files differed from the commit; nothing better can be checked out.
        commands += [f"git checkout {run.commit.removesuffix('+')}", "make install"]
    if run.data_sha256:
        commands.append("make data")
    if settings:
        # Beside what serves, and from nothing that an earlier run has left.
        preset = settings_path(model_dir, version)
        commands.append(
            f"graft run --preset {shlex.quote(str(preset))} --model-base-path {REBUILT} "
            "--no-cache --no-serve-check"
        )
        served = shlex.join([str(model_dir / str(version)), f"{REBUILT}/{model_dir.name}/1"])
        commands.append(f"graft passport diff {served}")
    return tuple(commands)
