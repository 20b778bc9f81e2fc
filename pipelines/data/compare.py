"""Two data sets, or two versions of one: what came, what went, what it changed."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from components.common.errors import DataError
from components.common.pictures.decode import decode, pixels_sha256
from components.common.pictures.grey_range import GreyRange
from components.common.pictures.statistics import STATISTICS, measure
from components.common.pictures.thumbnails import thumbnail
from components.common.progress import mapped
from components.common.report import page
from components.common.statistics.clusters import between_groups, clusters
from components.ingest.commands import PictureRecord, SourceData, opened
from components.ingest.config import IngestConfig
from components.ingest.step import grey_range_of

TEMPLATE = Path(__file__).with_name("difference.html")
# Pictures on the page, of each kind of change; evenly over all of them.
_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class ClassTotals:
    """How many pictures a class has in both; 0 where there is no such class."""

    label: str
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class FactShift:
    """The mean of one picture statistic in both.

    shift: how far it moved, in deviations between the groups of the first data set (between its
        pictures, where none has a group), as the monitor measures drift.
    """

    name: str
    before: float
    after: float
    shift: float


@dataclass(frozen=True, kw_only=True)
class ChangedPicture:
    """A picture that came, went, or has another label; `jpeg` is b"" for those not shown."""

    name: str
    label: str
    label_before: str = ""
    jpeg: bytes = b""


@dataclass(frozen=True, kw_only=True)
class DataDifference:
    """What differs. Pictures are the same when their pixels are, whatever their names and files.

    renamed: pictures with another name; unreadable: pictures of both that no decoder can read,
        which are compared by their bytes.
    """

    before: str
    after: str
    pictures: tuple[int, int]
    classes: tuple[ClassTotals, ...]
    added: tuple[ChangedPicture, ...]
    removed: tuple[ChangedPicture, ...]
    relabelled: tuple[ChangedPicture, ...]
    renamed: int
    unreadable: int
    shifts: tuple[FactShift, ...]

    @property
    def same(self) -> bool:
        """Whether both hold the same pictures with the same labels and names."""
        return not (self.added or self.removed or self.relabelled or self.renamed)


@dataclass(frozen=True)
class _Measured:
    """One picture: `pixels` names it, statistics float32 [len(STATISTICS)], NaN if unreadable."""

    record: PictureRecord
    sha256: str
    pixels: str
    statistics: npt.NDArray[np.float32]


def difference(
    before: IngestConfig, after: IngestConfig, *, names: tuple[str, str]
) -> DataDifference:
    """Compare two data sets, every picture decoded once.

    Args:
        before: the first.
        after: the second.
        names: what to call them.

    Raises:
        ConfigError, DataError: one of them cannot be read.
    """
    with opened(before) as first, opened(after) as second:
        old_side = _measured(first, before, {})
        # Most pictures of two versions are the same file: decoded once.
        sides = old_side, _measured(second, after, {one.sha256: one for one in old_side})
        old, new = ({one.pixels: one for one in side} for side in sides)
        both = [pixels for pixels in new if pixels in old]
        relabelled = [one for one in both if old[one].record.label != new[one].record.label]
        return DataDifference(
            before=names[0],
            after=names[1],
            pictures=(len(sides[0]), len(sides[1])),
            classes=_classes(*sides),
            added=_changes([new[pixels] for pixels in new if pixels not in old]),
            removed=_changes([old[pixels] for pixels in old if pixels not in new]),
            relabelled=_changes([new[pixels] for pixels in relabelled], before=old),
            renamed=sum(old[pixels].record.name != new[pixels].record.name for pixels in both),
            unreadable=sum(bool(np.isnan(one.statistics).any()) for side in sides for one in side),
            shifts=_shifts(*sides),
        )


def write_page(found: DataDifference, path: Path) -> None:
    """Write a page with the tables and some pictures of each kind of change."""
    kinds = {"Added": found.added, "Removed": found.removed, "Relabelled": found.relabelled}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = page.render(TEMPLATE, difference=found, kinds=kinds)
    path.write_text(text, encoding="utf-8")


def _measured(
    source: SourceData, settings: IngestConfig, known: Mapping[str, _Measured]
) -> list[_Measured]:
    given = (*source.pictures, *source.unlabelled)
    levels = grey_range_of(settings, source)
    return mapped(lambda record: _measure(record, levels, known), given, "measuring pictures")


def _measure(record: PictureRecord, levels: GreyRange, known: Mapping[str, _Measured]) -> _Measured:
    data = record.read()
    digest = hashlib.sha256(data).hexdigest()
    if digest in known:
        return dataclasses.replace(known[digest], record=record)
    try:
        pixels = decode(data, name=record.name, grey_range=levels)
    except DataError:
        return _Measured(record, digest, digest, np.full(len(STATISTICS), np.nan, np.float32))
    return _Measured(record, digest, pixels_sha256(pixels), measure(pixels))


def _classes(before: list[_Measured], after: list[_Measured]) -> tuple[ClassTotals, ...]:
    old, new = (Counter(one.record.label for one in side) for side in (before, after))
    return tuple(
        ClassTotals(label=label, before=old[label], after=new[label])
        for label in sorted({*old, *new})
    )


def _changes(
    pictures: list[_Measured], before: Mapping[str, _Measured] | None = None
) -> tuple[ChangedPicture, ...]:
    shown = set(np.linspace(0, len(pictures) - 1, min(_SHOWN, len(pictures))).astype(int).tolist())
    return tuple(
        ChangedPicture(
            name=one.record.name,
            label=one.record.label,
            label_before=before[one.pixels].record.label if before else "",
            jpeg=_jpeg(one) if place in shown else b"",
        )
        for place, one in enumerate(pictures)
    )


def _jpeg(one: _Measured) -> bytes:
    if np.isnan(one.statistics).any():
        return b""
    return thumbnail(one.record.read(), name=one.record.name)


def _shifts(before: list[_Measured], after: list[_Measured]) -> tuple[FactShift, ...]:
    """Return the largest shift first."""
    sides = [np.array([one.statistics for one in side], np.float64) for side in (before, after)]
    known = [np.isfinite(values).all(axis=1) for values in sides]
    old, new = (values[rows] for values, rows in zip(sides, known, strict=True))
    if not len(old) or not len(new):
        return ()
    groups = clusters([one.record.group for one in before])[known[0]]
    spread = np.maximum(between_groups(old, groups), 1e-9)
    means = old.mean(axis=0), new.mean(axis=0)
    shifts = [
        FactShift(name=name, before=float(was), after=float(now), shift=float((now - was) / unit))
        for name, was, now, unit in zip(STATISTICS, *means, spread, strict=True)
    ]
    return tuple(sorted(shifts, key=lambda one: -abs(one.shift)))
