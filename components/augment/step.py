"""Decode each picture once, resize it, add the training views, and write uint8 arrays."""

import dataclasses
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from components.augment.arrays import ShardsPass, index_of, shards_sha256, write_arrays
from components.augment.config import AUTO, AugmentConfig
from components.augment.sample import read_some
from components.common.artifacts.augmentation import AugmentationInfo
from components.common.artifacts.dataset import SPLITS, Dataset
from components.common.artifacts.shards import Shards, ShardsInfo
from components.common.augmentation.composition import Composition, parsed
from components.common.augmentation.plausibility import MOST_OUTSIDE, plausibility
from components.common.errors import DataError
from components.common.labels.tasks import tasks_of
from components.common.pictures.contact_sheet import contact_sheet
from components.common.run_context import RunContext
from components.common.step import Step
from components.networks import accelerator
from components.networks.weights.digests import content_sha256

LOG = logging.getLogger(__name__)

# Originals by which the policies' plausibility is judged; a picture and view costs a millisecond.
_LOOKED_AT = 64
_SHEET_PICTURES, _SHEET_VIEWS = 6, 8


@dataclass(frozen=True, kw_only=True)
class AugmentInputs:
    """A Dataset whose manifest has splits."""

    dataset: Path


@dataclass(frozen=True, kw_only=True)
class AugmentOutputs:
    """The Shards."""

    shards: Path


def run(
    settings: AugmentConfig, inputs: AugmentInputs, outputs: AugmentOutputs, context: RunContext
) -> None:
    """Write the Shards artifact of a validated Dataset.

    The training split and pictures without a label get `settings.views` rows a picture,
    view-major; the others one.

    Raises:
        DataError: a split is missing, or a picture cannot be decoded.
        ConfigError: unknown policy, or an option it does not have.
        WeightsError: `policy: auto` has no network to ask.
    """
    dataset, out = Dataset.read(inputs.dataset), outputs.shards
    _check_splits(dataset)
    out.mkdir(parents=True, exist_ok=True)
    augmentation = _augmentation(dataset, settings)
    composition = Composition.of(augmentation.policy, seed=settings.seed)
    job = ShardsPass(dataset, out, settings, composition)
    channels = write_arrays(job)
    index = pd.concat([index_of(job, split) for split in job.splits], ignore_index=True)
    tasks = tasks_of(dataset.info.columns, dataset.manifest, dataset.unlabelled)
    info = ShardsInfo(
        classes=dataset.info.classes,
        positive=dataset.info.positive,
        image_size_px=settings.image_size_px,
        channels=channels,
        views=settings.views,
        augmentation=augmentation,
        seed=settings.seed,
        content_sha256=shards_sha256(job, index, tasks),
        evidence=dataset.info.evidence,
        tasks=tasks,
        fit=settings.fit,
    )
    shards = Shards(out, info, index)
    shards.write()
    _write_sheet(shards)
    LOG.info("%d rows of %d px, %d channel(s)", len(index), settings.image_size_px, channels)


def _augmentation(dataset: Dataset, settings: AugmentConfig) -> AugmentationInfo:
    """Return the policies, chosen where that was asked for, and how far each takes a picture."""
    if settings.policy == AUTO:
        from components.augment.automatic import choose

        found = choose(dataset, settings)
    else:
        found = AugmentationInfo(policy=parsed(settings.policy))
    composition = Composition.of(found.policy, seed=settings.seed)
    if settings.views == 1 or not composition.changes_anything:
        return found
    originals = read_some(dataset, settings, count=_LOOKED_AT).originals
    looks = plausibility(originals, composition)
    for look in looks:
        if look.outside > MOST_OUTSIDE:
            LOG.warning(
                "%.0f %% of the views of '%s' are no pictures that the camera produces, by their "
                "%s: expected at most %.0f %%; weaken the policy, or leave it out",
                100 * look.outside,
                look.policy,
                look.fact,
                100 * MOST_OUTSIDE,
            )
    return dataclasses.replace(found, plausibility=looks)


def _write_sheet(shards: Shards) -> None:
    """Write the contact sheet: a row a picture, the original first."""
    rows, pixels = shards.rows("train"), shards.pixels("train")
    count = int((rows["view"] == 0).sum())
    shown = min(shards.info.views, _SHEET_VIEWS)
    if shown == 1:
        return
    chosen = np.unique(np.linspace(0, count - 1, _SHEET_PICTURES).round().astype(int))
    cells = [pixels[picture + count * view] for picture in chosen for view in range(shown)]
    shards.sheet.write_bytes(contact_sheet(cells, across=shown))


def _check_splits(dataset: Dataset) -> None:
    counts = dataset.manifest["split"].value_counts()
    for split in SPLITS if dataset.info.evidence == "holdout" else SPLITS[:1]:
        if not counts.get(split, 0):
            raise DataError(
                f"a Dataset with pictures in the splits {', '.join(SPLITS)}",
                received=f"none in '{split}'",
                do="run validate first, or give more pictures (or groups)",
            )


def prepare(settings: AugmentConfig, inputs: object) -> None:
    """Choose what computes the network, where one is asked."""
    if settings.policy == AUTO:
        accelerator.prepare(settings.auto)


def content_key(settings: AugmentConfig, inputs: AugmentInputs, context: RunContext) -> str:
    """Return the digest of the network that chooses the policy; "" where none does."""
    if settings.policy != AUTO:
        return ""
    return content_sha256(settings.auto, settings.auto.weights)


STEP = Step("augment", run, prepare=prepare, reuse=True, content_key=content_key)
