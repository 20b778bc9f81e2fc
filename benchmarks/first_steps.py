"""Ingest, validate and augment outside of a run."""

from pathlib import Path

from components.augment import step as augment_step
from components.augment.config import AugmentConfig
from components.common.run_context import RunContext
from components.ingest import step as ingest_step
from components.ingest.config import IngestConfig
from components.validate import step as validate_step
from components.validate.config import ValidateConfig

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
