"""Ingest, validate and augment outside of a run."""

import dataclasses
from pathlib import Path

from components.augment import step as augment_step
from components.augment.config import AugmentConfig
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import link_tree
from components.common.artifacts.shards import Shards
from components.common.run_context import RunContext
from components.ingest import step as ingest_step
from components.ingest.config import IngestConfig
from components.validate import step as validate_step
from components.validate.config import ValidateConfig
from pipelines.config import TrainingRun

_CONTEXT = RunContext(run_id="benchmark")


def ingest(*, out: Path, settings: IngestConfig) -> None:
    """Write the Dataset."""
    outputs = ingest_step.IngestOutputs(dataset=out)
    ingest_step.run(settings, ingest_step.IngestInputs(), outputs, _CONTEXT)


def validate(dataset: Path, *, out: Path, report: Path, settings: ValidateConfig) -> None:
    """Write the Dataset with splits, and the report."""
    outputs = validate_step.ValidateOutputs(validated=out, report=report)
    validate_step.run(settings, validate_step.ValidateInputs(dataset=dataset), outputs, _CONTEXT)


def augment(dataset: Path, *, out: Path, settings: AugmentConfig) -> None:
    """Write the Shards."""
    outputs = augment_step.AugmentOutputs(shards=out)
    augment_step.run(settings, augment_step.AugmentInputs(dataset=dataset), outputs, _CONTEXT)


def all_for_training(settings: TrainingRun, work: Path) -> Shards:
    """Return shards in which every picture is of the training split, written on the first call.

    A picture without a group is a group of its own.
    """
    ingested, dealt, out = (work / part for part in ("ingested", "dealt", "shards"))
    if not (out / "shards.json").exists():
        ingest(out=ingested, settings=settings.ingest)
        dataset = Dataset.read(ingested)
        link_tree(ingested / "pictures", dealt / "pictures")
        crossed = dataclasses.replace(dataset.info, evidence="cross_validation")
        pictures = dataset.manifest
        groups = pictures["group"].where(pictures["group"] != "", pictures["path"])
        Dataset(dealt, crossed, pictures.assign(split="train", group=groups)).write()
        augment(dealt, out=out, settings=settings.augment)
    return Shards.read(out)
