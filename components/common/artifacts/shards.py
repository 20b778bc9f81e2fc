"""Shards: model-ready pixels, one memory-mapped uint8 array a split. Written by augment."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.augmentation import VIEWS_SHEET, AugmentationInfo
from components.common.artifacts.dataset import Evidence
from components.common.artifacts.records import read_record, write_record
from components.common.labels.tasks import Task
from components.common.pictures.fit import Fit

INDEX_COLUMNS = (
    "split",  # str
    "row",  # int, position in <split>.npy
    "view",  # int, 0 = the picture as it is, 1.. = augmented
    "sha256",  # str, of the encoded picture
    "path",  # str, in the Dataset
    "target",  # int, position in ShardsInfo.classes; -1 without a label
    "soft_label",  # float in [0, 1] or NaN
    "domain",
    "group",
    "weight",
    # and one text column "label:<task>" a further task
)


@dataclass(frozen=True, kw_only=True)
class ShardsInfo:
    """Shape and origin of the arrays.

    `channels` is 1 when every picture is greyscale (stored once, seen three times), else 3.
    The training split holds `views` rows a picture, view-major: all pictures as they are, then
    all pictures in view 1, and so on, so that row = view * pictures + picture. `evidence` is
    validate's decision: under "cross_validation" the other splits are empty. Pictures without a
    label are a split of their own, UNLABELLED, laid out as the training split. `tasks` are asked of
    a picture besides its class. `fit` is how pictures became square.
    """

    classes: tuple[str, ...]
    positive: str
    image_size_px: int
    channels: int
    views: int
    augmentation: AugmentationInfo
    seed: int
    content_sha256: str
    evidence: Evidence = "holdout"
    tasks: tuple[Task, ...] = ()
    fit: Fit = "squeeze"


@dataclass(frozen=True)
class Shards:
    """A folder with `train.npy`, `validation.npy`, `test.npy`, `index.parquet`, `shards.json`.

    `unlabelled.npy` beside them is there where there are such pictures; `views.png`, a contact
    sheet of originals and their views, where there are views.
    """

    root: Path
    info: ShardsInfo
    index: pd.DataFrame

    @classmethod
    def read(cls, root: Path) -> "Shards":
        """Open the artifact at `root`; arrays are mapped when asked for."""
        info = read_record(root / "shards.json", ShardsInfo)
        return cls(root, info, pd.read_parquet(root / "index.parquet"))

    def write(self) -> None:
        """Write index and info; the arrays are already in place."""
        columns = [*INDEX_COLUMNS, *(task.column for task in self.info.tasks)]
        self.index.loc[:, columns].to_parquet(self.root / "index.parquet")
        write_record(self.root / "shards.json", self.info)

    @property
    def sheet(self) -> Path:
        """The contact sheet; it may not be there."""
        return self.root / VIEWS_SHEET

    def pixels(self, split: str) -> npt.NDArray[np.uint8]:
        """Map one split: uint8 [N, S, S, C], C = `info.channels`."""
        array: npt.NDArray[np.uint8] = np.load(self.root / f"{split}.npy", mmap_mode="r")
        return array

    def rows(self, split: str) -> pd.DataFrame:
        """Return the index rows of one split, ordered as the array."""
        rows = self.index[self.index["split"] == split]
        return rows.sort_values("row").reset_index(drop=True)


def targets(rows: pd.DataFrame, info: ShardsInfo, *, soft: bool) -> npt.NDArray[np.float32]:
    """Return the training targets.

    Args:
        rows: index rows.
        info: names the classes.
        soft: use the annotated probability of the positive class where there is one.

    Returns:
        float32 [N, classes], each row sums to 1.
    """
    one_hot = np.eye(len(info.classes), dtype=np.float32)
    hard: npt.NDArray[np.float32] = one_hot[rows["target"].to_numpy(dtype=int)]
    if not soft or not info.positive or len(info.classes) != 2:
        return hard
    positive = info.classes.index(info.positive)
    probability = rows["soft_label"].to_numpy(dtype=np.float32)
    known = ~np.isnan(probability)
    hard[known, positive] = probability[known]
    hard[known, 1 - positive] = 1.0 - probability[known]
    return hard
