"""The pictures that a ranking looks at: some whole groups, as they are, at any size."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from components.common.pictures import decode as pictures
from components.common.progress import mapped
from components.common.seeding import generator
from components.networks.data import Split


def plain_view(split: Split, *, size_px: int, max_pictures: int, seed: int) -> Split:
    """Return view 0 of whole groups of a split, resized.

    Pictures that were already resized once are resized again, which costs a little sharpness;
    fine for an order, and a finalist gets shards of its own size.

    Args:
        split: of shards at least as large.
        size_px: the new height and width, pixels.
        max_pictures: groups are drawn at random until there are so many, the last one included.
        seed: of the drawing.
    """
    rows = _whole_groups(split.groups, most=max_pictures, seed=seed)
    chosen = split.take(rows)
    if size_px == split.pixels[:1].shape[1]:
        return chosen
    activity = f"resizing pictures to {size_px} px"
    resized = mapped(lambda one: pictures.resize(one, size_px), list(chosen.pixels[:]), activity)
    digest = f"{chosen.content_sha256} at {size_px} px"
    return dataclasses.replace(chosen, pixels=np.stack(resized), content_sha256=digest)


def _whole_groups(groups: npt.NDArray[Any], *, most: int, seed: int) -> npt.NDArray[np.int64]:
    everything = np.arange(len(groups))
    if len(groups) <= most:
        return everything
    names, position = np.unique(groups, return_inverse=True)
    order = generator(seed, "ranking").permutation(len(names))
    sizes = np.cumsum(np.bincount(position)[order])
    drawn = order[: 1 + int(np.searchsorted(sizes, most))]
    return everything[np.isin(position, drawn)]
