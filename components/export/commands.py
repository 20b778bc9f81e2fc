"""What a person does by hand: turn a published version into a file for elsewhere."""

import contextlib
import dataclasses
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from components.common import config, plugins
from components.common.artifacts.candidate import Candidate
from components.common.artifacts.dataset import Dataset
from components.common.artifacts.lineage import read_lineage
from components.common.artifacts.model_folder import ModelVersion, candidate_path
from components.common.artifacts.passport import Passport
from components.common.errors import ConfigError, DataError, ExportError, InputError
from components.common.files import explained
from components.common.models.saved_model import ask
from components.common.pictures.grey_range import FULL
from components.common.progress import batches, track
from components.export.config import ExportConfig
from components.export.operating_point import choose
from components.export.portable import Asked, PortableInfo

FORMATS = "components.export.formats"


@dataclass(frozen=True, kw_only=True)
class ExportedFile:
    """A file that answers like the version it was made of, and the record beside it.

    takes, gives: how it is asked.
    difference: the largest gap between its probabilities and the version's.
    pictures: how many they were compared on.
    """

    path: Path
    record: Path
    takes: str
    gives: str
    difference: float
    tolerance: float
    pictures: int


def export_version(
    version: ModelVersion,
    passport: Passport,
    *,
    to: str,
    out: Path | None,
    pictures: Sequence[Path] = (),
) -> ExportedFile:
    """Write a version as a file of another format, checked against what serves.

    Args:
        version: the published version.
        passport: its page.
        to: a file name in `formats/`.
        out: the file; None is `<model name>-<version>` in the folder where the user stands.
        pictures: files to compare answers on; none takes those that the run's export was checked
            on, as long as the run's folder is there.

    Raises:
        ConfigError: there is no such format, `out` has another suffix, or the converter is not
            installed.
        DataError: the version's network or its settings were not kept, or there are no pictures to
            compare on.
        InputError: the folder of `out` cannot be written.
        ExportError: the file's answers are further from the version's than `export.tolerance`, or
            the five times of it that a format may lose by rounding.
    """
    plugins.check(FORMATS, to)
    os.environ["KERAS_BACKEND"] = "tensorflow"  # which the converters read
    made = plugins.load(FORMATS, to)
    model_dir = version.path.parent
    out = out or Path(f"{model_dir.name}-{version.number}{made.SUFFIX}")
    if out.suffix != made.SUFFIX:
        raise ConfigError(
            f"a file that ends with {made.SUFFIX}", received=f"'{out}'", do="change --out"
        )
    kept = candidate_path(model_dir, version.number)
    if not (kept / "model.keras").is_file():
        raise DataError(
            f"the network behind version {version.number} in {kept}",
            received="nothing there",
            do="run the pipeline again: it publishes the version with its network",
        )
    candidate, settings = Candidate.read(kept), _settings(passport)
    names, read = _pictures(version, candidate, pictures)
    tolerance = made.ROUNDING * settings.tolerance
    info = _portable(candidate, passport, settings, made)
    with explained(out.parent, error=InputError):
        out.parent.mkdir(parents=True, exist_ok=True)
        work = tempfile.TemporaryDirectory(dir=out.parent, prefix=".graft-export-")
    with work as folder:
        draft = Path(folder) / out.name
        with _native_noise_hidden():
            made.write(candidate, draft, info)
            asked = made.opened(draft, info)
        difference = _difference(asked, version, names, read, settings)
        if not difference <= tolerance:  # also true for NaN
            raise ExportError(
                f"{out.name} to answer like version {version.number} within {tolerance:g}",
                received=f"probabilities up to {difference:.2g} apart on {len(names)} pictures",
                do="take another format, and report this",
            )
        record = draft.with_suffix(made.RECORD_SUFFIX).replace(out.with_suffix(made.RECORD_SUFFIX))
        draft.replace(out)
    return ExportedFile(
        path=out,
        record=record,
        takes=info.input,
        gives=info.output,
        difference=difference,
        tolerance=tolerance,
        pictures=len(names),
    )


def _settings(passport: Passport) -> ExportConfig:
    if "export" not in passport.settings:
        raise DataError(
            f"the settings of the export in the passport of version {passport.version}",
            received="a passport of an earlier release without them",
            do="run the pipeline again",
        )
    return config.load(ExportConfig, passport.settings["export"], where="export")


@contextlib.contextmanager
def _native_noise_hidden() -> Iterator[None]:
    """Keep what the converters' C++ writes past Python's `sys.stderr` from the terminal."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _difference(
    asked: Asked,
    version: ModelVersion,
    names: Sequence[str],
    read: Callable[[str], bytes],
    settings: ExportConfig,
) -> float:
    """Return the largest gap between the probabilities of a file and of a version."""
    size = settings.batch_size
    served = ask(version.path, names, read, batch_size=size, activity="asking the version")
    parts = batches(read, names, size=size)
    total = -(-len(names) // size)
    said = [asked(part) for part in track(parts, "asking the file", total=total)]
    return float(np.abs(np.concatenate(said) - served.probabilities).max())


def _pictures(
    version: ModelVersion, candidate: Candidate, given: Sequence[Path]
) -> tuple[list[str], Callable[[str], bytes]]:
    """Return names of pictures to compare answers on, and what reads one."""
    if given:
        return [str(path) for path in given], lambda name: Path(name).read_bytes()
    lineage = read_lineage(version.path.parent, version.number)
    links = reversed(lineage.links) if lineage else ()
    for link in links:
        root = Path(link.uri)
        if (link.producer, link.name) == ("validate", "validated") and root.is_dir():
            return candidate.parity_paths(), Dataset.read(root).picture
    raise DataError(
        "pictures to compare answers on",
        received="a run whose folder is gone",
        do="name some with --pictures",
    )


def _portable(
    candidate: Candidate, passport: Passport, settings: ExportConfig, made: ModuleType
) -> PortableInfo:
    info, familiar, size = candidate.info, candidate.familiar(), candidate.info.image_size_px
    far_from = familiar.far_from if familiar else None
    point, _ = choose(info, candidate.held_out(), settings, far_from=far_from)
    return PortableInfo(
        model_name=passport.model_name,
        version=passport.version,
        input=made.TAKES.format(size=size),
        output=made.GIVES.format(classes=len(info.classes)),
        classes=info.classes,
        image_size_px=size,
        fit=info.fit,
        grey_range=passport.data.grey_range if passport.data else FULL,
        # What a picture looks like to the network, which it would be strange by, does not come out.
        operating_point=dataclasses.replace(point, far_from=None),
    )
