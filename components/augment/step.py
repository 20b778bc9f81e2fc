"""Decode each picture once, resize it, add the training views, and write uint8 arrays."""

import dataclasses
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.augment.config import AUTO, AugmentConfig
from components.augment.sample import read_some
from components.common.artifacts.augmentation import AugmentationInfo
from components.common.artifacts.dataset import SPLITS, UNLABELLED, Dataset
from components.common.artifacts.records import file_sha256
from components.common.artifacts.shards import Shards, ShardsInfo
from components.common.augmentation.composition import Composition, parsed
from components.common.augmentation.plausibility import MOST_OUTSIDE, plausibility
from components.common.errors import DataError
from components.common.files import forget_pages, reserve
from components.common.labels.tasks import Task, tasks_of
from components.common.pictures import decode as pictures
from components.common.pictures.contact_sheet import contact_sheet
from components.common.progress import track, worker_count
from components.common.run_context import RunContext
from components.common.step import Step
from components.networks import accelerator
from components.networks.weights.digests import content_sha256

LOG = logging.getLogger(__name__)

# Bounds the decoded pictures in flight, whatever the data set's size.
_PICTURES_AT_ONCE = 64
# The written part of the arrays is let go of after so many.
_PICTURES_IN_MEMORY = 1024
# Originals by which the policies' plausibility is judged; a picture and view costs a millisecond.
_LOOKED_AT = 64
_SHEET_PICTURES, _SHEET_VIEWS = 6, 8

# An array on the disk.
Mapped = np.memmap[Any, np.dtype[np.uint8]]


class _ColourSeenError(Exception):
    """A picture has colour although all before it were grey."""


@dataclass(frozen=True)
class _ShardsPass:
    """What one pass over the pictures needs."""

    dataset: Dataset
    out: Path
    settings: AugmentConfig
    composition: Composition

    @property
    def splits(self) -> tuple[str, ...]:
        """What gets an array."""
        return (*SPLITS, UNLABELLED) if len(self.dataset.unlabelled) else SPLITS


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
    job = _ShardsPass(dataset, out, settings, composition)
    channels = _write_arrays(job)
    index = pd.concat([_index(job, split) for split in job.splits], ignore_index=True)
    tasks = tasks_of(dataset.info.columns, dataset.manifest, dataset.unlabelled)
    info = ShardsInfo(
        classes=dataset.info.classes,
        positive=dataset.info.positive,
        image_size_px=settings.image_size_px,
        channels=channels,
        views=settings.views,
        augmentation=augmentation,
        seed=settings.seed,
        content_sha256=_content_sha256(job, index, tasks),
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


def _write_arrays(job: _ShardsPass) -> int:
    """Write the arrays of all splits and return their channel count.

    Whether there is any colour is known only after the last picture, and decoding twice to find
    out would cost as much as the whole step. So grey is assumed, and the first colour picture
    (in a colour data set: one of the first) starts the pass again.
    """
    try:
        _write_pass(job, channels=1)
    except _ColourSeenError:
        _write_pass(job, channels=3)
        return 3
    return 1


def _write_pass(job: _ShardsPass, *, channels: int) -> None:
    arrays = {split: _empty(job, split, channels=channels) for split in job.splits}
    places = list(_places(job))
    with ThreadPoolExecutor(max_workers=worker_count()) as pool:
        writes = (
            done
            for at in range(0, len(places), _PICTURES_AT_ONCE)
            for done in pool.map(
                lambda place: _write_picture(job, place, arrays),
                places[at : at + _PICTURES_AT_ONCE],
            )
        )
        for done, _ in enumerate(track(writes, "preparing pictures", total=len(places))):
            if done % _PICTURES_IN_MEMORY == 0:
                for array in arrays.values():
                    forget_pages(array)
    for array in arrays.values():
        array.flush()


def _empty(job: _ShardsPass, split: str, *, channels: int) -> Mapped:
    """Return the array of a split on the disk, with room for all of it."""
    file, size = job.out / f"{split}.npy", job.settings.image_size_px
    rows = len(job.dataset.split(split)) * _views(job, split)
    shape = (rows, size, size, channels)
    array = np.lib.format.open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
    reserve(file)
    return array


@dataclass(frozen=True)
class _PicturePlace:
    """Where one picture goes: position `picture` of `count` in its split."""

    split: str
    picture: int
    count: int
    path: str
    sha256: str


def _places(job: _ShardsPass) -> Iterator[_PicturePlace]:
    for split in job.splits:
        rows = job.dataset.split(split)
        pairs = zip(rows["path"], rows["sha256"], strict=True)
        for picture, (path, sha256) in enumerate(pairs):
            yield _PicturePlace(split, picture, len(rows), str(path), str(sha256))


def _write_picture(
    job: _ShardsPass, place: _PicturePlace, arrays: Mapping[str, npt.NDArray[np.uint8]]
) -> None:
    array = arrays[place.split]
    decoded = pictures.decode(job.dataset.picture(place.path), name=place.path)
    if decoded.shape[-1] > array.shape[-1]:
        raise _ColourSeenError
    pixels = pictures.resize(decoded, job.settings.image_size_px, fit=job.settings.fit)
    array[place.picture] = pixels
    for number in range(1, _views(job, place.split)):
        view = job.composition.view(pixels, sha256=place.sha256, number=number)
        array[number * place.count + place.picture] = view


def _views(job: _ShardsPass, split: str) -> int:
    return job.settings.views if split in {"train", UNLABELLED} else 1


def _index(job: _ShardsPass, split: str) -> pd.DataFrame:
    rows = job.dataset.split(split)
    rows = rows.assign(split=split, target=job.dataset.targets(rows))
    views = [rows.assign(view=number) for number in range(_views(job, split))]
    index = pd.concat(views, ignore_index=True)
    return index.assign(row=np.arange(len(index)))


def _content_sha256(job: _ShardsPass, index: pd.DataFrame, tasks: Sequence[Task]) -> str:
    total = hashlib.sha256()
    for split in job.splits:
        total.update(file_sha256(job.out / f"{split}.npy").encode())
    total.update(index.loc[:, ["split", "row", "sha256", "target", "weight"]].to_csv().encode())
    total.update(index["soft_label"].to_csv().encode())
    for task in tasks:
        total.update(index[task.column].to_csv().encode())
    return total.hexdigest()


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
