"""The arrays of Shards: each picture decoded once, resized, in all its views."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.augment.config import AugmentConfig
from components.common.artifacts.dataset import SPLITS, UNLABELLED, Dataset
from components.common.artifacts.records import file_sha256
from components.common.augmentation.composition import Composition
from components.common.files import forget_pages, reserve
from components.common.labels.tasks import Task
from components.common.pictures import decode as pictures
from components.common.progress import track, worker_count

# Bounds the decoded pictures in flight, whatever the data set's size.
_PICTURES_AT_ONCE = 64
# The written part of the arrays is let go of after so many.
_PICTURES_IN_MEMORY = 1024

# An array on the disk.
Mapped = np.memmap[Any, np.dtype[np.uint8]]


class _ColourSeenError(Exception):
    """A picture has colour although all before it were grey."""


@dataclass(frozen=True)
class ShardsPass:
    """What one pass over the pictures needs."""

    dataset: Dataset
    out: Path
    settings: AugmentConfig
    composition: Composition

    @property
    def splits(self) -> tuple[str, ...]:
        """What gets an array."""
        return (*SPLITS, UNLABELLED) if len(self.dataset.unlabelled) else SPLITS


def write_arrays(job: ShardsPass) -> int:
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


def _write_pass(job: ShardsPass, *, channels: int) -> None:
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


def _empty(job: ShardsPass, split: str, *, channels: int) -> Mapped:
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


def _places(job: ShardsPass) -> Iterator[_PicturePlace]:
    for split in job.splits:
        rows = job.dataset.split(split)
        pairs = zip(rows["path"], rows["sha256"], strict=True)
        for picture, (path, sha256) in enumerate(pairs):
            yield _PicturePlace(split, picture, len(rows), str(path), str(sha256))


def _write_picture(
    job: ShardsPass, place: _PicturePlace, arrays: Mapping[str, npt.NDArray[np.uint8]]
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


def _views(job: ShardsPass, split: str) -> int:
    return job.settings.views if split in {"train", UNLABELLED} else 1


def index_of(job: ShardsPass, split: str) -> pd.DataFrame:
    """Return one row an array row, in the array's order."""
    rows = job.dataset.split(split)
    rows = rows.assign(split=split, target=job.dataset.targets(rows))
    views = [rows.assign(view=number) for number in range(_views(job, split))]
    index = pd.concat(views, ignore_index=True)
    return index.assign(row=np.arange(len(index)))


def shards_sha256(job: ShardsPass, index: pd.DataFrame, tasks: Sequence[Task]) -> str:
    """Return the digest of all that training sees of the written arrays."""
    total = hashlib.sha256()
    for split in job.splits:
        total.update(file_sha256(job.out / f"{split}.npy").encode())
    total.update(index.loc[:, ["split", "row", "sha256", "target", "weight"]].to_csv().encode())
    total.update(index["soft_label"].to_csv().encode())
    for task in tasks:
        total.update(index[task.column].to_csv().encode())
    return total.hexdigest()
