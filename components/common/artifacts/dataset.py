"""Dataset: a manifest and the pictures it lists. Written by ingest, and by validate with splits."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.records import link_tree, read_record, write_record
from components.common.pictures.grey_range import FULL, GreyRange

MANIFEST_COLUMNS = (
    "path",  # str, relative to the artifact: pictures/...
    "sha256",  # str, of the encoded file
    "label",  # str, one of DatasetInfo.classes
    "soft_label",  # float in [0, 1], probability of the positive class; NaN when not annotated
    "domain",  # str, where it came from (camera, line, cell type); "" when unknown
    "pixels",  # str, digest of the decoded picture, whatever its encoding; "" before validate
    # str, pictures of one module, lot or session; never straddles splits. A picture without one
    # has "" before validate, and after it the digest of its pixels or of its first copy's.
    "group",
    "split",  # str, "train", "validation" or "test"; "" before validate
    "weight",  # float > 0, how much the picture counts in training
)
SPLITS = ("train", "validation", "test")
# The word for pictures without a label where others are of a split: no verdict rests on them.
UNLABELLED = "unlabelled"
FACTS = "facts.parquet"
# What the files said of themselves as they came, `PictureHeader` by path; before validate only.
HEADERS = "headers.parquet"
_UNLABELLED = "unlabelled.parquet"
# Manifest paths of pictures that were labelled after the data set was made begin like this.
ADDED = "pictures/additions/"
# What a verdict rests on: pictures that were held out, or folds of all of them.
Evidence = Literal["holdout", "cross_validation"]
# The rule about test pictures that the source fixes.
FIXED_TEST = "fixed_test_pictures"


@dataclass(frozen=True, kw_only=True)
class DataWarning:
    """What validation warned of: the rule, and a sentence for readers."""

    rule: str
    text: str


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """What the manifest cannot say row by row.

    `positive` is the class that soft labels and binary scores speak of; "" with 3+ classes.
    `groups_inferred` is True when the source does not name groups and ingest deduced them.
    `evidence` is validate's decision; under "cross_validation" every row's split is "train".
    `columns` are further ones of the manifest, text, as the source had them.
    `protocol` is how the splits came about ("grouped", "random", or "manifest" where the source
    fixed them), `findings` what validation warned of; both say nothing before it.
    `grey_range` are the levels that 16-bit grey pictures had, as what is served must scale them;
    the pictures of the Dataset have 8 bits.
    """

    name: str
    classes: tuple[str, ...]
    positive: str = ""
    licence: str = ""
    groups_inferred: bool = False
    columns: tuple[str, ...] = ()
    evidence: Evidence = "holdout"
    protocol: str = ""
    findings: tuple[DataWarning, ...] = ()
    grey_range: GreyRange = FULL


def names_groups(manifest: pd.DataFrame) -> bool:
    """Return whether a group is the source's, and not a picture (with its copies) by itself."""
    return not manifest["group"].isin(set(manifest["pixels"])).all()


@dataclass(frozen=True)
class Dataset:
    """A folder with `manifest.parquet`, `dataset.json`, `pictures/`; validate adds facts.

    unlabelled: rows like the manifest's of pictures without a label, in `unlabelled.parquet`. They
        are apart, so that who counts or judges pictures cannot meet them by chance.
    """

    root: Path
    info: DatasetInfo
    manifest: pd.DataFrame
    unlabelled: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame(columns=list(MANIFEST_COLUMNS))
    )

    @classmethod
    def read(cls, root: Path) -> "Dataset":
        """Open the artifact at `root`."""
        info = read_record(root / "dataset.json", DatasetInfo)
        manifest, apart = pd.read_parquet(root / "manifest.parquet"), root / _UNLABELLED
        return cls(
            root, info, manifest, pd.read_parquet(apart) if apart.exists() else manifest.iloc[:0]
        )

    def write(self) -> None:
        """Write manifest and info; the pictures are already in place."""
        self.root.mkdir(parents=True, exist_ok=True)
        # Before validate nobody has decoded the pictures.
        known = self.manifest if "pixels" in self.manifest else self.manifest.assign(pixels="")
        columns = [*MANIFEST_COLUMNS, *self.info.columns]
        known.loc[:, columns].to_parquet(self.root / "manifest.parquet")
        if len(self.unlabelled):
            self.unlabelled.loc[:, columns].to_parquet(self.root / _UNLABELLED)
        write_record(self.root / "dataset.json", self.info)

    def split(self, name: str) -> pd.DataFrame:
        """Return the manifest rows of one split, or the rows that are UNLABELLED."""
        if name == UNLABELLED:
            return self.unlabelled
        return self.manifest[self.manifest["split"] == name].reset_index(drop=True)

    def judged(self) -> pd.DataFrame:
        """Return the manifest rows that a verdict rests on: the test split, or all of them."""
        return self.split("train" if self.info.evidence == "cross_validation" else "test")

    def targets(self, rows: pd.DataFrame) -> npt.NDArray[np.int64]:
        """Return the class position of each row, int64 [len(rows)]; -1 without a label."""
        position = {name: index for index, name in enumerate(self.info.classes)}
        return np.asarray(rows["label"].map(position | {"": -1}), dtype=np.int64)

    def facts(self) -> pd.DataFrame:
        """Return what validate measured on each picture, by path; no row before validate."""
        path = self.root / FACTS
        return pd.read_parquet(path).set_index("path") if path.exists() else pd.DataFrame()

    def headers(self) -> pd.DataFrame:
        """Return what the files said of themselves as they came, by path; no row after validate."""
        path = self.root / HEADERS
        return pd.read_parquet(path).set_index("path") if path.exists() else pd.DataFrame()

    def picture(self, path: str) -> bytes:
        """Return the encoded bytes of one picture, by its manifest path."""
        return (self.root / path).read_bytes()

    def with_splits(
        self, manifest: pd.DataFrame, *, unlabelled: pd.DataFrame, root: Path, info: DatasetInfo
    ) -> "Dataset":
        """Return a new artifact at `root` with the same pictures, and what is said of them."""
        link_tree(self.root / "pictures", root / "pictures")
        return Dataset(root, info, manifest, unlabelled)
