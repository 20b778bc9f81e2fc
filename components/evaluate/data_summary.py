"""What data stands behind the figures, and where every artifact came from."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.common.artifacts.dataset import SPLITS, Dataset
from components.common.artifacts.records import PROVENANCE


@dataclass(frozen=True)
class SplitCount:
    """One split: pictures of each class in class order, all pictures, groups."""

    split: str
    by_class: tuple[int, ...]
    pictures: int
    groups: int


@dataclass(frozen=True)
class Origin:
    """What an input artifact says of itself; `settings` are (name, value) pairs."""

    step: str
    commit: str
    data_sha256: str
    content_sha256: str
    settings: tuple[tuple[str, str], ...]


def count_splits(dataset: Dataset) -> tuple[SplitCount, ...]:
    """Count pictures and groups, split by split."""
    counts = []
    for name in SPLITS:
        rows = dataset.split(name)
        labels = rows["label"].value_counts()
        by_class = tuple(int(labels.get(label, 0)) for label in dataset.info.classes)
        counts.append(SplitCount(name, by_class, len(rows), int(rows["group"].nunique())))
    return tuple(counts)


def straddling_groups(dataset: Dataset) -> int:
    """Return how many groups have pictures in the test split and in another one."""
    test = set(dataset.split("test")["group"])
    others = dataset.manifest[dataset.manifest["split"].isin(SPLITS[:-1])]
    return len(test & set(others["group"]))


def read_origins(roots: Sequence[Path]) -> tuple[Origin, ...]:
    """Read the provenance records of the artifacts that have one."""
    return tuple(_origin(root) for root in roots if (root / PROVENANCE).exists())


def _origin(root: Path) -> Origin:
    record: dict[str, Any] = json.loads((root / PROVENANCE).read_text())
    settings = json.loads(record["config"])
    return Origin(
        step=record["step"],
        commit=record["commit"],
        data_sha256=record["data_sha256"],
        content_sha256=record["content_sha256"],
        settings=tuple((name, json.dumps(value)) for name, value in sorted(settings.items())),
    )
