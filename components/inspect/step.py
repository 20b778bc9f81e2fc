"""Inspect: Dataset and Shards in, an Inspection of labels, groups and shortcuts out."""

import logging
from dataclasses import dataclass
from pathlib import Path

from components.common import config
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.inspection import Inspection, InspectionInfo
from components.common.run_context import RunContext
from components.common.step import Step
from components.inspect.config import InspectConfig
from components.networks import accelerator
from components.networks.config import PlannedTraining
from components.networks.weights.digests import content_sha256

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class InspectInputs:
    """The validated Dataset, Shards of it, and what will be trained on them."""

    dataset: Path
    shards: Path
    train: PlannedTraining


@dataclass(frozen=True, kw_only=True)
class InspectOutputs:
    """The Inspection."""

    inspection: Path


def prepare(settings: InspectConfig, inputs: InspectInputs) -> None:
    """Choose the back end and the devices, which Keras asks for when it is imported."""
    accelerator.prepare(inputs.train)


def content_key(settings: InspectConfig, inputs: InspectInputs, context: RunContext) -> str:
    """Return what an inspection depends on besides the pictures and its own settings."""
    if not settings.enabled:
        return ""
    return f"{config.to_json(inputs.train)}\n{content_sha256(inputs.train, inputs.train.weights)}"


def run(
    settings: InspectConfig, inputs: InspectInputs, outputs: InspectOutputs, context: RunContext
) -> None:
    """Look at labels, groups and shortcuts by the frozen backbone; nothing is changed by it.

    Raises:
        ConfigError, DataError, WeightsError: as `embeddings.embed`.
    """
    if not settings.enabled:
        Inspection(outputs.inspection, InspectionInfo()).write()
        return
    from components.inspect.embeddings import embed
    from components.inspect.write import write

    dataset = Dataset.read(inputs.dataset)
    embeddings = embed(dataset, inputs.shards, train=inputs.train, cache_dir=context.cache_dir)
    info = write(dataset, embeddings, out=outputs.inspection, seed=settings.seed)
    LOG.info("%d labels suspected of %d; %s", info.suspected, info.pictures, " ".join(info.notes))


STEP = Step("inspect", run, prepare=prepare, reuse=True, content_key=content_key)
