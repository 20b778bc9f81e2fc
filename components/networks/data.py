"""What a method trains on: splits of the shards or parts of them, with targets and groups."""

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.dataset import UNLABELLED
from components.common.artifacts.records import file_sha256
from components.common.artifacts.shards import Shards, targets
from components.common.augmentation.composition import Composition
from components.common.errors import DataError
from components.common.labels.source_facts import SourceFacts, counted
from components.common.labels.tasks import TaskTargets
from components.common.pictures.fit import Fit
from components.networks.rows import Floats, PickedRows, Positions, Rows, StackedRows, row_digests


@dataclass(frozen=True)
class Origin:
    """What a selection of pictures was selected from: its rows are those `rows` of `whole`."""

    whole: "Split"
    rows: Positions


@dataclass(frozen=True)
class Split:
    """One split; arrays over pictures have length N, `pixels` has views * N rows, view-major.

    pixels: uint8 [views * N, S, S, 1 or 3], memory-mapped, or rows of such.
    targets: float32 [N, classes], rows sum to 1 (soft where annotated and wanted), or are 0
        without a label.
    labels: int [N], the hard class; -1 without a label.
    weights: float32 [N], mean 1 over the split.
    groups: [N], text.
    paths: [N], text, in the Dataset.
    content_sha256: digest of `pixels`.
    domains: text a picture, () when nothing names them.
    tasks: what is known of further tasks.
    origin: of a selection; features of its pictures are looked up there.
    sha256: of each picture's file, () where it is not known.
    views_by: the policies that made the views; None where there are none, or they changed nothing.
    """

    pixels: Rows
    targets: Floats
    labels: Positions
    weights: Floats
    groups: npt.NDArray[Any]
    paths: tuple[str, ...]
    content_sha256: str
    domains: tuple[str, ...] = ()
    tasks: tuple[TaskTargets, ...] = ()
    origin: Origin | None = None
    sha256: tuple[str, ...] = ()
    views_by: Composition | None = None

    def balanced(self) -> "Split":
        """Return the split with weights under which every class counts the same, mean 1."""
        total = np.bincount(self.labels, weights=self.weights, minlength=self.targets.shape[1])
        weights = self.weights / total[self.labels].astype(np.float32)
        return dataclasses.replace(self, weights=weights / weights.mean())

    @property
    def pictures(self) -> int:
        """How many pictures there are."""
        return len(self.labels)

    @property
    def views(self) -> int:
        """How many rows each picture has."""
        return len(self.pixels) // max(1, self.pictures)

    @cached_property
    def digests(self) -> tuple[bytes, ...]:
        """What tells each row of `pixels` apart; every fold asks for those of its origin."""
        return row_digests(self.pixels)

    def view_rows(self, views: Positions) -> Positions:
        """Return the rows of each picture in the view chosen for it, int [N]."""
        return views * self.pictures + np.arange(self.pictures)

    def take(self, rows: Positions) -> "Split":
        """Return the pictures at positions `rows`, in view 0 only."""
        everything = np.array_equal(rows, np.arange(self.pictures))
        # A slice stays on disk, a selection does not.
        pixels = self.pixels[: self.pictures] if everything else self.pixels[rows]
        return dataclasses.replace(self._of(rows), pixels=pixels, origin=None)

    def select(self, rows: Positions) -> "Split":
        """Return the pictures at positions `rows`, in all their views, weights of mean 1 again.

        Neither pixels nor features are copied or computed for it: see `origin`.
        """
        places = np.concatenate([rows + self.pictures * view for view in range(max(1, self.views))])
        whole, taken = self, places.astype(np.int64)
        if self.origin is not None:
            whole, taken = self.origin.whole, self.origin.rows[taken]
        chosen = self._of(rows)
        return dataclasses.replace(
            chosen,
            pixels=PickedRows(whole.pixels, taken),
            weights=chosen.weights / chosen.weights.mean() if len(rows) else chosen.weights,
            origin=Origin(whole, taken),
        )

    def _of(self, rows: Positions) -> "Split":
        """Return what is known of the pictures at positions `rows`; pixels are still all."""
        digest = hashlib.sha256(f"{self.content_sha256}\n".encode() + rows.tobytes())
        return dataclasses.replace(
            self,
            targets=self.targets[rows],
            labels=self.labels[rows],
            weights=self.weights[rows],
            groups=self.groups[rows],
            paths=tuple(self.paths[row] for row in rows),
            content_sha256=digest.hexdigest(),
            domains=tuple(self.domains[row] for row in rows) if self.domains else (),
            tasks=tuple(one.take(rows) for one in self.tasks),
            sha256=tuple(self.sha256[row] for row in rows) if self.sha256 else (),
        )

    def head(self, pictures: int) -> "Split":
        """Return `pictures` pictures spread evenly over the split, in view 0 only."""
        return self.take(
            np.unique(np.linspace(0, self.pictures - 1, pictures).round().astype(np.int64))
        )


def without_labels(parts: Sequence[Split]) -> Split:
    """Return the pictures of several splits as one, view 0 only, their labels taken away."""
    count = sum(part.pictures for part in parts)
    digests = "\n".join(part.content_sha256 for part in parts)
    named = all(part.domains or not part.pictures for part in parts)
    plain = (PickedRows(part.pixels, np.arange(part.pictures)) for part in parts)
    return Split(
        pixels=StackedRows(tuple(plain)),
        targets=np.zeros((count, parts[0].targets.shape[1]), np.float32),
        labels=np.full(count, -1, np.int64),
        weights=np.ones(count, np.float32),
        groups=np.concatenate([part.groups for part in parts]),
        paths=tuple(path for part in parts for path in part.paths),
        content_sha256=hashlib.sha256(digests.encode()).hexdigest(),
        domains=tuple(domain for part in parts for domain in part.domains) if named else (),
    )


@dataclass(frozen=True)
class TrainingData:
    """What a method may look at. The test split is not here on purpose.

    validation: no pictures under cross-validation: whatever a method chose by a fold's held-out
        pictures would make the evidence better than new pictures are answered.
    unlabelled: pictures without a label, often none: labels are -1 and targets 0.
    fit: how all of them became squares.
    """

    train: Split
    validation: Split
    classes: tuple[str, ...]
    unlabelled: Split
    fit: Fit = "squeeze"

    def fold(self, inner: Positions) -> "TrainingData":
        """Return what a cross-validation fold trains on: training pictures at `inner` alone."""
        return dataclasses.replace(self, train=self.train.select(inner))

    def facts(self) -> SourceFacts:
        """Return what there is to learn from; of other columns only the tasks are known."""
        labelled = [split for split in (self.train, self.validation) if split.pictures]
        found = counted(
            labels=[self.classes[label] for split in labelled for label in split.labels],
            domains=[domain for split in labelled for domain in split.domains],
            groups=[str(group) for split in labelled for group in split.groups],
            unlabelled_domains=self.unlabelled.domains or [""] * self.unlabelled.pictures,
            columns=[one.task.column for one in self.train.tasks],
        )
        side_px = int(self.train.pixels[:1].shape[1])
        return dataclasses.replace(found, side_px=side_px, fit=self.fit)

    def weighted(self, class_weight: Literal["none", "balanced"]) -> "TrainingData":
        """Return the data with training weights by class; validation stays as it is."""
        if class_weight == "none":
            return self
        return dataclasses.replace(self, train=self.train.balanced())


def read(shards: Shards, *, soft_labels: bool) -> TrainingData:
    """Open the training and validation splits; under cross-validation the latter is empty.

    Raises:
        DataError: a class has no training picture, or validation is empty under holdout.
    """
    train = read_split(shards, "train", soft_labels=soft_labels)
    crossed = shards.info.evidence == "cross_validation"
    data = TrainingData(
        train=train,
        validation=none_of(train)
        if crossed
        else read_split(shards, "validation", soft_labels=soft_labels),
        classes=shards.info.classes,
        unlabelled=read_split(shards, UNLABELLED, soft_labels=False)
        if (shards.index["split"] == UNLABELLED).any()
        else none_of(train),
        fit=shards.info.fit,
    )
    _check(data)
    return data


def read_split(shards: Shards, name: str, *, soft_labels: bool) -> Split:
    """Open one split.

    Raises:
        DataError: it has no picture.
    """
    rows = shards.rows(name)
    first: pd.DataFrame = rows[rows["view"] == 0]
    if first.empty:
        raise DataError(
            f"pictures in the split '{name}'",
            received="none",
            do="give more pictures, or a larger share in the settings of validate",
        )
    weights = first["weight"].to_numpy(dtype=np.float32)
    known = targets(first, shards.info, soft=soft_labels)
    return Split(
        pixels=shards.pixels(name),
        targets=known * (first["target"].to_numpy() >= 0)[:, None],
        labels=first["target"].to_numpy(dtype=np.int64),
        weights=weights / weights.mean(),
        groups=first["group"].astype(str).to_numpy(dtype=object),
        paths=tuple(first["path"].astype(str)),
        content_sha256=file_sha256(shards.root / f"{name}.npy"),
        domains=tuple(first["domain"].astype(str)),
        tasks=tuple(task.targets(first[task.column].astype(str)) for task in shards.info.tasks),
        sha256=tuple(first["sha256"].astype(str)),
        views_by=_views_by(rows, shards),
    )


def _views_by(rows: pd.DataFrame, shards: Shards) -> Composition | None:
    """Return what made the views of a split's rows, where any of them may differ."""
    made = Composition.of(shards.info.augmentation.policy, seed=shards.info.seed)
    return made if made.changes_anything and int(rows["view"].max()) else None


def none_of(split: Split) -> Split:
    """Return a split like another one, without a picture."""
    return split.select(np.empty(0, np.int64))


def _check(data: TrainingData) -> None:
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    absent = [name for name, count in zip(data.classes, counts, strict=True) if count == 0]
    if len(data.classes) < 2 or absent:
        received = f"none of {', '.join(absent)}" if absent else f"only {', '.join(data.classes)}"
        raise DataError(
            "training pictures of at least two classes, and of every class",
            received=received,
            do="add pictures of each class, or remove the class",
        )
