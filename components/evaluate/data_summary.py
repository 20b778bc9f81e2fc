"""What data stands behind the figures."""

from dataclasses import dataclass

from components.common.artifacts.dataset import SPLITS, Dataset


@dataclass(frozen=True)
class SplitCount:
    """One split: pictures of each class in class order, all pictures, groups."""

    split: str
    by_class: tuple[int, ...]
    pictures: int
    groups: int


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
