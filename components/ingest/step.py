"""Read a source and write the Dataset artifact: every picture once, upright, 8-bit."""

import concurrent.futures
import dataclasses
import hashlib
import json
import logging
import shutil
import warnings
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common import plugins, progress
from components.common.artifacts.dataset import MANIFEST_COLUMNS, Dataset, DatasetInfo
from components.common.errors import DataError
from components.common.pictures.decode import deep_bits, is_servable, to_servable
from components.common.run_context import RunContext
from components.common.step import Step
from components.ingest.additions import with_additions
from components.ingest.config import SOURCES, IngestConfig
from components.ingest.source_data import PictureRecord, SourceData

LOG = logging.getLogger(__name__)

# The high byte is what is kept: of 12 bits that leaves 16 grey levels.
_SHALLOW_BITS = 12
# Pillow and NumPy are there wherever this is printed.
_MULTIPLY = (
    'python -c "import sys, numpy, PIL.Image as I; '
    "[I.fromarray((numpy.asarray(I.open(f)) * {times}).astype('uint16')).save(f) "
    "for f in sys.argv[1:] if I.open(f).mode[0] == 'I']\" FILES"
)


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
        DataError: as the source's `read` says; or 16-bit pictures would keep next to nothing; or
            the pictures are no longer those of the fingerprint.
    """
    source, out = read_source(settings), outputs.dataset
    shutil.rmtree(out / "pictures", ignore_errors=True)
    given = (*source.pictures, *source.unlabelled)
    names = _safe_names([picture.name for picture in given])
    for folder in {(out / "pictures" / name).parent for name in names}:
        folder.mkdir(parents=True, exist_ok=True)
    # The decoder's own `catch_warnings` is not safe among threads; this one restores the filters.
    with (
        warnings.catch_warnings(),
        concurrent.futures.ThreadPoolExecutor(progress.worker_count()) as pool,
    ):
        copies = pool.map(
            lambda pair: _copy(pair[0], out, pair[1]),
            zip(given, names, strict=True),
        )
        copied = list(progress.track(copies, "copying pictures", total=len(names)))
    _check_depth([bits for _, bits in copied])
    rows = [row for row, _ in copied]
    info = DatasetInfo(
        name=source.name,
        classes=source.classes,
        positive=source.positive,
        licence=source.licence,
        groups_inferred=source.groups_inferred,
        columns=source.columns,
    )
    table = pd.DataFrame(rows, columns=[*MANIFEST_COLUMNS, *source.columns])
    table[list(source.columns)] = table[list(source.columns)].fillna("")
    labelled = table["label"] != ""
    dataset = Dataset(out, info, table[labelled], table[~labelled].reset_index(drop=True))
    dataset.write()
    if inputs.fingerprint and content_key(settings) != inputs.fingerprint:
        raise DataError(
            f"the pictures of '{settings.path}' to stay as they are during a run",
            received="others than a moment ago",
            do="start the run again",
        )
    LOG.info("%d pictures of %d classes from %s", len(rows), len(source.classes), settings.path)
    return dataset


def read_source(settings: IngestConfig) -> SourceData:
    """List a source's pictures without reading them; those that were added later stand last."""
    source: SourceData = plugins.load(SOURCES, settings.source).read(settings)
    root = dataset_root(settings)
    return source if root is None else with_additions(source, root)


def dataset_root(settings: IngestConfig) -> Path | None:
    """Return the folder of the data set, beside which additions lie; None for an archive."""
    place = Path(settings.path).expanduser()
    if place.is_dir():
        return place
    return place.parent if settings.source == "manifest" else None


def content_key(settings: IngestConfig) -> str:
    """Return one digest over everything ingest reads: labels, names and picture bytes."""
    source = read_source(settings)
    given = (*source.pictures, *source.unlabelled)
    total = hashlib.sha256(json.dumps([source.name, source.classes, source.licence]).encode())
    with concurrent.futures.ThreadPoolExecutor(progress.worker_count()) as pool:
        digests = pool.map(lambda picture: _sha256(picture.read()), given)
        for picture, digest in progress.track(
            zip(given, digests, strict=True), "checking for changes", total=len(given)
        ):
            # The bytes, not where they stand.
            described = dataclasses.asdict(picture) | {"file": digest}
            total.update(json.dumps(described, sort_keys=True).encode())
    return total.hexdigest()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _check_depth(bits: list[int]) -> None:
    """Refuse 16-bit pictures that leave the upper bits empty: next to nothing would remain.

    Cameras of 10 and 12 bits often deliver such files. One picture alone may be dark, all are not.
    """
    most = max(bits, default=0)
    if 0 < most <= _SHALLOW_BITS:
        levels, times = 2 ** max(most - 8, 0), 2 ** (16 - most)
        raise DataError(
            "16-bit pictures that use the upper of their bits",
            received=f"{sum(map(bool, bits))} with values below {2**most}, which would keep "
            f"{levels} grey level{'s' * (levels > 1)}",
            do=f"multiply the values by {times}, here and in what the served model is sent: "
            f"{_MULTIPLY.format(times=times)}",
        )


def _copy(picture: PictureRecord, out: Path, name: str) -> tuple[dict[str, object], int]:
    """Write one picture below `pictures/`; return its manifest row and its `deep_bits`."""
    path = f"pictures/{name}"
    data, bits = picture.read(), 0
    if not is_servable(data):
        try:
            bits = deep_bits(data, name=picture.name)
            data = to_servable(data, name=picture.name)
        except DataError as error:
            LOG.warning("%s", error)
    (out / path).write_bytes(data)
    row = {
        "path": path,
        "sha256": _sha256(data),
        "label": picture.label,
        "soft_label": picture.soft_label,
        "domain": picture.domain,
        "pixels": "",
        "group": _printable(picture.group),
        "split": picture.split,
        "weight": picture.weight,
        **picture.further,
    }
    return row, bits


def _safe_names(names: list[str]) -> list[str]:
    """Replace characters that not every file system or Parquet file can hold; keep all unique.

    A name keeps its ending even where the copy became PNG: readers go by the bytes.
    """
    taken: set[str] = set()
    safe = []
    for name in names:
        cleaned = _printable(name).replace("\\", "_")
        unique, number = cleaned, 1
        while unique in taken:
            number += 1
            stem, dot, ending = cleaned.rpartition(".")
            unique = f"{stem}~{number}{dot}{ending}"
        taken.add(unique)
        safe.append(unique)
    return safe


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "_" for char in text)


STEP = Step(
    "ingest", run, reuse=True, content_key=lambda settings, _inputs, _context: content_key(settings)
)
