"""What a person does by hand: add labelled pictures to a data set, but none that would harm it."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from components.common import progress
from components.common.artifacts.dataset import UNLABELLED
from components.common.artifacts.labelled_picture import LabelledPicture
from components.common.errors import ConfigError, DataError
from components.common.files import locked
from components.common.labels.source_facts import SourceFacts, counted
from components.common.pictures.folders import pictures_below
from components.ingest.addition_check import AdditionCheck
from components.ingest.additions import (
    MANIFEST,
    Addition,
    folder_of,
    read_additions,
    write_additions,
)
from components.ingest.config import IngestConfig
from components.ingest.copying import bytes_sha256
from components.ingest.corrections import RELABELLED, read_corrections, write_corrections
from components.ingest.corrections import Correction as Correction
from components.ingest.relabel import checked
from components.ingest.revision import at_hand
from components.ingest.source_data import PictureRecord, SourceData
from components.ingest.sources.manifest import cells
from components.ingest.step import dataset_root, read_source

__all__ = ["PictureRecord", "SourceData"]


@dataclass(frozen=True, kw_only=True)
class RefusedPicture:
    """A picture that was left where it is, and why."""

    file: Path
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddOutcome:
    """What became of the proposed pictures.

    added: now in the data set. already: in it before, with the same label. refused: neither.
    """

    added: tuple[Addition, ...]
    already: tuple[Path, ...]
    refused: tuple[RefusedPicture, ...]


def root_of(settings: IngestConfig) -> Path:
    """Return the folder that pictures can be added to.

    Raises:
        ConfigError: the source is an archive, or nothing is there.
    """
    root = dataset_root(settings)
    if root is None or not root.is_dir():
        raise ConfigError(
            "a data set that is a folder or a manifest.csv",
            received=f"source '{settings.source}' at '{settings.path or 'no path'}'",
            do="name it with --data or --preset",
        )
    return root


@contextlib.contextmanager
def opened(
    settings: IngestConfig, *, read: Callable[[IngestConfig], SourceData] = read_source
) -> Iterator[SourceData]:
    """Yield the pictures of a data set; those of a revision are at hand for the block only.

    Args:
        settings: says which data set.
        read: `read_any` takes a folder without classes, too.

    Raises:
        ConfigError, DataError: as `read` and `at_hand` say.
    """
    with at_hand(settings) as here:
        yield read(here)


def additions_of(settings: IngestConfig) -> tuple[Addition, ...]:
    """Return what was added to a data set, oldest first.

    Raises:
        DataError: as `read_additions`.
    """
    root = dataset_root(settings)
    return () if root is None else read_additions(root)


def corrections_of(settings: IngestConfig) -> tuple[Correction, ...]:
    """Return the labels of a data set that were corrected, oldest first.

    Raises:
        DataError: as `read_corrections`.
    """
    root = dataset_root(settings)
    return () if root is None else read_corrections(root)


def source_facts(settings: IngestConfig) -> SourceFacts:
    """Return what a data set offers, by its listing.

    Raises:
        ConfigError, DataError: as the source's `read` says.
    """
    with opened(settings) as source:
        return counted(
            labels=[one.label for one in source.pictures],
            domains=[one.domain for one in source.pictures],
            groups=[one.group for one in source.pictures],
            unlabelled_domains=[one.domain for one in source.unlabelled],
            columns=source.columns,
        )


def pictures_sha256(settings: IngestConfig) -> frozenset[str]:
    """Return the SHA-256 of the encoded bytes of every picture with a label.

    Raises:
        ConfigError, DataError: as `opened`.
    """
    with opened(settings) as source:
        return frozenset(labels_by_sha256(source))


def offered(settings: IngestConfig) -> SourceFacts:
    """Return what a data set offers, also where nothing has a label yet.

    Raises:
        ConfigError, DataError: it cannot be listed.
    """
    try:
        return source_facts(dataclasses.replace(settings, unlabelled=True))
    except DataError:
        bare = _without_any_label(settings)
        if not bare:
            raise
        return SourceFacts(labelled=(), unlabelled=bare)


def _without_any_label(settings: IngestConfig) -> int:
    """Return how many pictures there are where none has a label, else 0."""
    place = Path(settings.path)
    if settings.source == "manifest":
        table = cells(place)
        labelled = "label" in table and (table["label"] != "").any()
        return 0 if labelled or "path" not in table else len(table)
    found = pictures_below(place) if place.is_dir() else []
    # A class is a folder of its own.
    classes = [path for path in found if path.parent not in {place, place / UNLABELLED}]
    return 0 if classes else len(found)


def additions_table(settings: IngestConfig) -> Path | None:
    """Return the table of what was added, there or not; None where nothing can be added."""
    root = dataset_root(settings)
    return None if root is None else folder_of(root) / MANIFEST


def adding_to(folder: Path) -> AbstractContextManager[None]:
    """Hold a data set for the block, so that two who add follow each other.

    Args:
        folder: the data set's, or the one above it that DVC pins.
    """
    return locked(folder, holder="another 'graft data add' or 'graft data pull'")


def add_pictures(
    proposed: Sequence[LabelledPicture],
    *,
    settings: IngestConfig,
    min_size_px: int,
    now_unix_s: float,
    by: str = "",
    dry_run: bool = False,
) -> AddOutcome:
    """Add what can be added, at once; the caller holds `adding_to` of the data set.

    The proposed files are copied and stay where they are.

    Args:
        proposed: pictures with their labels.
        settings: says which data set.
        min_size_px: smallest side that validate lets pass.
        now_unix_s: noted as the time at which the labels came in.
        by: noted as who took them in.
        dry_run: only say what would happen.

    Raises:
        ConfigError: pictures cannot be added to this kind of data set.
        DataError: the data set cannot be read.
    """
    root = root_of(settings)
    source = read_source(settings)
    check = AdditionCheck(source.classes, labels_by_sha256(source), min_size_px, proposed)
    new: list[tuple[Addition, bytes]] = []
    already: list[Path] = []
    refused: list[RefusedPicture] = []
    for one in progress.track(proposed, "checking new pictures"):
        try:
            encoded = one.file.read_bytes()
            sha256 = check.accept(one, encoded)
        except (DataError, OSError) as error:
            refused.append(RefusedPicture(file=one.file, reason=str(error)))
            continue
        if sha256:
            new.append((_addition(one, sha256, now_unix_s, by), encoded))
        else:
            already.append(one.file)
    if new and not dry_run:
        write_additions(root, new)
    return AddOutcome(
        added=tuple(one for one, _ in new), already=tuple(already), refused=tuple(refused)
    )


def relabel(
    file: Path, *, settings: IngestConfig, by: str, now_unix_s: float, dry_run: bool = False
) -> tuple[Correction, ...]:
    """Correct labels, all of a table or none; the caller holds `adding_to` of the data set.

    Args:
        file: see `relabel.checked`.
        settings: says which data set.
        by: who corrects.
        now_unix_s: noted as the time of the correction.
        dry_run: only say what would happen.

    Raises:
        ConfigError: labels cannot be corrected in this kind of data set.
        DataError: the table is wrong, or the data set cannot be read.
    """
    root = root_of(settings)
    new = checked(file, read_source(settings), by=by, at_unix_s=now_unix_s)
    if new and not dry_run:
        write_corrections(root, new)
    return new


def corrections_table(settings: IngestConfig) -> Path | None:
    """Return the table of corrections, there or not; None where nothing can be corrected."""
    root = dataset_root(settings)
    return None if root is None else root / RELABELLED


def labels_by_sha256(source: SourceData) -> dict[str, str]:
    """Return the label of each picture of a source, by the SHA-256 of its encoded bytes."""
    known = progress.mapped(
        lambda one: bytes_sha256(one.read()), source.pictures, "reading the data set"
    )
    return dict(zip(known, (one.label for one in source.pictures), strict=True))


def _addition(one: LabelledPicture, sha256: str, now_unix_s: float, by: str) -> Addition:
    return Addition(
        file=f"{sha256}{one.file.suffix.lower()}",
        sha256=sha256,
        label=one.label,
        group=one.group,
        domain=one.domain,
        origin=one.origin,
        added_unix_s=now_unix_s,
        by=one.by or by,
    )
