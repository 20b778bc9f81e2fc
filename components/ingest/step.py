"""Read a source and write the Dataset artifact: every picture once, upright, of 8 bits."""

import dataclasses
import hashlib
import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common import plugins
from components.common.artifacts.dataset import HEADERS, MANIFEST_COLUMNS, Dataset, DatasetInfo
from components.common.errors import DataError
from components.common.pictures.decode import (
    brightest,
)
from components.common.pictures.folders import pictures_below
from components.common.pictures.grey_range import GreyRange
from components.common.pictures.header import read_header
from components.common.progress import mapped
from components.common.run_context import RunContext
from components.common.step import Step
from components.ingest.additions import with_additions
from components.ingest.config import SOURCES, IngestConfig
from components.ingest.copying import bytes_sha256, copy, safe_names, scale
from components.ingest.corrections import with_corrections
from components.ingest.depth import check_colours, chosen_range
from components.ingest.revision import at_hand
from components.ingest.source_data import PictureRecord, SourceData

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class IngestInputs:
    """`fingerprint` is the `content_key` under which a cluster finds this Dataset again, if any."""

    fingerprint: str = ""


@dataclass(frozen=True, kw_only=True)
class IngestOutputs:
    """The Dataset; anything of an interrupted attempt in its folder is replaced."""

    dataset: Path


def run(
    settings: IngestConfig, inputs: IngestInputs, outputs: IngestOutputs, context: RunContext
) -> Dataset:
    """Write a Dataset with every picture of the source.

    Pictures that are servable as they are get copied without decoding, and bytes that no
    decoder can read are kept too: validate decodes every picture, names all the damaged ones
    at once and decides (`validate.on_unreadable`), so that the first does not hide the others.

    Raises:
        ConfigError: the source is unknown, or a setting does not fit it.
        DataError: as the source's `read` says; or 16-bit colours would keep next to nothing; or
            the pictures are no longer those of the fingerprint.
    """
    with at_hand(settings, near=outputs.dataset.parent) as here:
        dataset = _ingest(here, outputs.dataset)
    if inputs.fingerprint and content_key(settings) != inputs.fingerprint:
        raise DataError(
            f"the pictures of '{settings.path}' to stay as they are during a run",
            received="others than a moment ago",
            do="start the run again",
        )
    return dataset


def _ingest(settings: IngestConfig, out: Path) -> Dataset:
    source = read_source(settings)
    shutil.rmtree(out / "pictures", ignore_errors=True)
    given = (*source.pictures, *source.unlabelled)
    names = safe_names([picture.name for picture in given])
    for folder in {(out / "pictures" / name).parent for name in names}:
        folder.mkdir(parents=True, exist_ok=True)
    pairs = list(zip(given, names, strict=True))
    copied = mapped(lambda pair: copy(pair[0], out, pair[1]), pairs, "copying pictures")
    check_colours([one.colour_levels for one in copied])
    deep = [one for one in copied if one.brightest >= 0]
    levels = chosen_range(settings, [one.brightest for one in deep])
    mapped(lambda one: scale(one, out, levels), deep, "scaling grey levels")
    rows = [one.row for one in copied]
    info = DatasetInfo(
        name=source.name,
        classes=source.classes,
        positive=source.positive,
        licence=source.licence,
        groups_inferred=source.groups_inferred,
        columns=source.columns,
        grey_range=levels,
    )
    table = pd.DataFrame(rows, columns=[*MANIFEST_COLUMNS, *source.columns])
    table[list(source.columns)] = table[list(source.columns)].fillna("")
    labelled = table["label"] != ""
    dataset = Dataset(out, info, table[labelled], table[~labelled].reset_index(drop=True))
    headers = pd.DataFrame([vars(one.header) | {"path": one.row["path"]} for one in copied])
    headers.to_parquet(out / HEADERS)
    dataset.write()
    LOG.info("%d pictures of %d classes from %s", len(rows), len(source.classes), settings.path)
    return dataset


def read_source(settings: IngestConfig) -> SourceData:
    """List a source's pictures without reading them, with what was added and corrected later."""
    source: SourceData = plugins.load(SOURCES, settings.source).read(settings)
    root = dataset_root(settings)
    return source if root is None else with_corrections(with_additions(source, root), root)


def read_any(settings: IngestConfig) -> SourceData:
    """List pictures as `read_source` does, or of a folder without classes all, without labels.

    Raises:
        ConfigError, DataError: there is no picture, or as `read_source` of another source.
    """
    place = Path(settings.path).expanduser()
    try:
        return read_source(settings)
    except DataError as error:
        if settings.source != "folder" or not place.is_dir():
            raise
        found = pictures_below(place)
        if not found:
            do = "correct the path"
            raise DataError(f"pictures below {place}", received="none", do=do) from None
        LOG.info("taken as pictures without labels: %s", error)
    names = [(path, path.relative_to(place).as_posix()) for path in found]
    records = tuple(PictureRecord(file=path, name=name, label="") for path, name in names)
    return SourceData(name=settings.name or place.resolve().name, classes=(), pictures=records)


def grey_range_of(settings: IngestConfig, source: SourceData) -> GreyRange:
    """Return the 16-bit grey levels that ingest would make 0 to 255 of."""

    def level(picture: PictureRecord) -> int:
        data = picture.read()
        try:
            deep = read_header(data).mode.startswith("I")
            return brightest(data, name=picture.name) if deep else -1
        except DataError:
            return -1

    levels = mapped(level, source.pictures, "looking for 16 bits")
    return chosen_range(settings, [one for one in levels if one >= 0])


def dataset_root(settings: IngestConfig) -> Path | None:
    """Return the folder that pictures can be added to; None for an archive and for a revision."""
    if settings.data_rev:
        return None
    place = Path(settings.path).expanduser()
    if place.is_dir():
        return place
    return place.parent if settings.source == "manifest" else None


def content_key(settings: IngestConfig) -> str:
    """Return one digest over everything ingest reads: labels, names and picture bytes.

    A revision is such a digest.
    """
    if settings.data_rev:
        return settings.data_rev
    source = read_source(settings)
    given = (*source.pictures, *source.unlabelled)
    total = hashlib.sha256(json.dumps([source.name, source.classes, source.licence]).encode())
    digests = mapped(lambda one: bytes_sha256(one.read()), given, "checking for changes")
    for picture, digest in zip(given, digests, strict=True):
        # The bytes, not where they stand.
        described = dataclasses.asdict(picture) | {"file": digest}
        total.update(json.dumps(described, sort_keys=True).encode())
    return total.hexdigest()


STEP = Step(
    "ingest", run, reuse=True, content_key=lambda settings, _inputs, _context: content_key(settings)
)
