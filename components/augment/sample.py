"""Some training pictures, the same ones whenever they are there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from components.augment.config import AugmentConfig
from components.common.artifacts.dataset import Dataset
from components.common.pictures.decode import Pixels, decode, resize


@dataclass(frozen=True)
class Sample:
    """Pictures at the network's size, with their classes and groups.

    originals: digest and pixels, uint8 [S, S, C].
    labels: int [N]; groups: text [N].
    """

    originals: tuple[tuple[str, Pixels], ...]
    labels: npt.NDArray[np.int64]
    groups: npt.NDArray[np.object_]

    @property
    def has_colour(self) -> bool:
        """Whether any picture has."""
        return any(pixels.shape[-1] == 3 for _, pixels in self.originals)


def read_some(dataset: Dataset, settings: AugmentConfig, *, count: int) -> Sample:
    """Read up to `count` training pictures, of every class alike: a class in turn, by digest."""
    rows = dataset.split("train").sort_values("sha256")
    turn = rows.groupby("label").cumcount()
    rows = rows.loc[turn.sort_values(kind="stable").index][:count]
    originals = tuple(
        (sha256, _square(dataset, path, settings))
        for path, sha256 in zip(rows["path"].astype(str), rows["sha256"].astype(str), strict=True)
    )
    return Sample(originals, dataset.targets(rows), rows["group"].astype(str).to_numpy(object))


def _square(dataset: Dataset, path: str, settings: AugmentConfig) -> Pixels:
    decoded = decode(dataset.picture(path), name=path)
    return resize(decoded, settings.image_size_px, fit=settings.fit)
