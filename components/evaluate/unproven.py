"""Classes that a model answers though no picture of the data set shows them (zero-shot)."""

from collections.abc import Sequence
from dataclasses import replace

from components.common.artifacts.dataset import Dataset


def with_classes(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Return the data set with the model's classes, where these begin with its own.

    Positions of classes then mean the same in both. Other classes are left for the model's answers
    to be refused by.
    """
    own = dataset.info.classes
    if classes[: len(own)] != own:
        return dataset
    return replace(dataset, info=replace(dataset.info, classes=classes))


def unproven_notes(names: Sequence[str]) -> list[str]:
    """Return what a reader must know of classes without a picture."""
    if not names:
        return []
    return [
        f"Unproven: {', '.join(names)}. No picture shows them, so the figures do not speak of them."
    ]
