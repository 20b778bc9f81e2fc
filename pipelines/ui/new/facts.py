"""What a folder of pictures offers, before anything is trained: to be looked at, in seconds."""

import hashlib
import random
import statistics
import warnings
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from components.common.labels.source_facts import SourceFacts
from components.gate.config import GateConfig
from components.ingest.commands import PictureRecord, offered, opened
from components.ingest.config import IngestConfig
from pipelines.config import TrainingRun

# Of more pictures a random choice is looked at.
_MOST_PICTURES = 20_000
_EXAMPLES = 4
# The largest class has so many times the pictures of the smallest.
_UNEVEN = 10


@dataclass(frozen=True, kw_only=True)
class ClassExamples:
    """A class, how many pictures it has, some of them."""

    name: str
    pictures: int
    examples: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class FactWarning:
    """Something to look at before a run; `key` names the sentence, `count` and `name` fill it."""

    key: str
    count: int = 0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class FolderFacts:
    """A data set at a glance.

    offered: its counts. classes: largest first. looked_at: pictures whose files were opened.
    sides_px: smallest, median and largest of their shorter sides.
    """

    offered: SourceFacts
    classes: tuple[ClassExamples, ...]
    looked_at: int
    sides_px: tuple[int, int, int]
    warnings: tuple[FactWarning, ...]


def folder_facts(run: TrainingRun) -> FolderFacts:
    """Return what the pictures of a run offer.

    Raises:
        ConfigError, DataError: they cannot be listed, as `graft run` would say.
    """
    counts = offered(run.ingest)
    pictures = _listed(run.ingest) if counts.labelled else ()
    chosen = random.Random(0).sample(pictures, min(len(pictures), _MOST_PICTURES))
    sizes = {one.file: _shorter_side_px(one.file) for one in chosen}
    readable = defaultdict[str, list[Path]](list)
    for one in pictures:
        if sizes.get(one.file):
            readable[one.label].append(one.file)
    sides = sorted(side for side in sizes.values() if side) or [0]
    classes = sorted(counts.labelled, key=lambda one: -one.pictures)
    found = [
        *_uneven(counts, run.gate),
        *_copies(chosen),
        FactWarning(key="unreadable", count=sum(not side for side in sizes.values())),
        FactWarning(key="small", count=sum(0 < one < run.validate.min_size_px for one in sides)),
    ]
    return FolderFacts(
        offered=counts,
        classes=tuple(
            ClassExamples(
                name=one.name,
                pictures=one.pictures,
                examples=tuple(_spread(readable[one.name])),
            )
            for one in classes
        ),
        looked_at=len(chosen),
        sides_px=(sides[0], int(statistics.median(sides)), sides[-1]),
        warnings=tuple(one for one in found if one.count),
    )


def _listed(settings: IngestConfig) -> tuple[PictureRecord, ...]:
    with opened(settings) as source:
        return source.pictures


def _spread(files: list[Path]) -> list[Path]:
    """Return a few, from the first to the last."""
    step = max(1, len(files) // _EXAMPLES)
    return files[::step][:_EXAMPLES]


def _uneven(counts: SourceFacts, gate: GateConfig) -> Iterable[FactWarning]:
    if not counts.labelled:
        return
    smallest = min(counts.labelled, key=lambda one: one.pictures)
    largest = max(counts.labelled, key=lambda one: one.pictures)
    if smallest.pictures < gate.min_per_class:
        yield FactWarning(key="few", count=smallest.pictures, name=smallest.name)
    elif smallest.pictures * _UNEVEN < largest.pictures:
        yield FactWarning(key="uneven", count=smallest.pictures, name=smallest.name)


def _copies(pictures: Iterable[PictureRecord]) -> tuple[FactWarning, FactWarning]:
    """Count files that are the same byte by byte, and those of them whose labels differ."""
    by_size = defaultdict[int, list[PictureRecord]](list)
    for one in pictures:
        by_size[one.file.stat().st_size].append(one)
    labels = defaultdict[str, list[str]](list)
    for group in by_size.values():
        # Files of different lengths differ: few are read.
        for one in group if len(group) > 1 else ():
            labels[hashlib.sha256(one.read()).hexdigest()].append(one.label)
    copies = sum(len(group) - 1 for group in labels.values())
    torn = sum(len(set(group)) > 1 for group in labels.values())
    return FactWarning(key="copies", count=copies), FactWarning(key="torn", count=torn)


def _shorter_side_px(file: Path) -> int:
    """Return the shorter side by the file's header, 0 where no decoder knows it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as image:
                return min(image.size)
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return 0
