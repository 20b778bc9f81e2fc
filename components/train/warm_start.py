"""Start from a network that Graft trained before: a Candidate, or the one behind a version.

A published version holds no Keras file. Deploy keeps its Candidate beside it. For older versions
the passport names the run, and the run's record says where the Candidate lies, for as long as the
folder of that run is kept.
"""

import logging
from pathlib import Path

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.lineage import read_seen, seen_by_version
from components.common.artifacts.model_folder import (
    CANDIDATES,
    candidate_path,
    is_number,
    newest_version,
)
from components.common.artifacts.passport import Passport, read_passport
from components.common.artifacts.records import read_record
from components.common.errors import WeightsError, expected
from components.common.pictures.fit import Fit
from components.common.step_record import StepRecord
from components.train.config import TrainConfig

LOG = logging.getLogger(__name__)

_RECORD = "candidate.json"
_NAME_ONE = "name a Candidate folder or its model.keras in train.warm_start, or leave it out"


def source(settings: TrainConfig, *, run_dir: str) -> str:
    """Return what `train.weights` would have to be: itself, or the file of the warm start.

    Args:
        settings: weights, warm_start.
        run_dir: this run's folder; "" where there is none, then no version can be followed.

    Raises:
        WeightsError: nothing there to start from.
    """
    if not settings.warm_start:
        return settings.weights
    path = candidate(settings.warm_start, runs=Path(run_dir).parent if run_dir else None)
    return str(Candidate.read(path).model_path if path.is_dir() else path)


def candidate(named: str, *, runs: Path | None = None) -> Path:
    """Return the Candidate folder behind a published model, a version or itself; a file as it is.

    Args:
        named: such a path.
        runs: where a version's run may have left it, for those that keep none beside them.

    Raises:
        WeightsError: the folder is none of these, or its Candidate is gone.
    """
    path = Path(named).expanduser()
    if not path.is_dir() or (path / _RECORD).is_file():
        return path
    passport = passport_of(path)
    model_dir = path.parent if is_number(path.name) else path
    kept = candidate_path(model_dir, passport.version)
    return kept if (kept / _RECORD).is_file() else _candidate_of(passport, runs=runs)


def check(settings: TrainConfig, weights: str, *, classes: tuple[str, ...]) -> None:
    """Refuse a Candidate of another backbone, or of classes that there are no more.

    A bare .keras file does not say what it is; there the shapes alone are compared.

    Raises:
        WeightsError: it does not fit.
    """
    root = Path(weights).parent
    if not (root / _RECORD).is_file():
        return
    info = Candidate.read(root).info
    if info.backbone != settings.backbone:
        raise _unfit(f"a candidate of the backbone {settings.backbone}", info.backbone)
    # The head is solved again, so that a data set may have grown by a class.
    if not set(info.classes) <= set(classes):
        raise _unfit(f"a candidate of the classes {', '.join(classes)}", ", ".join(info.classes))


def notes(settings: TrainConfig, weights: str, *, image_size_px: int, fit: Fit) -> tuple[str, ...]:
    """Return what a reader should know of a warm start, nothing without one.

    Pictures of another size or fit are no reason to refuse it: the head is solved again, on those.
    """
    if not settings.warm_start:
        return ()
    found = (f"warm start from {settings.warm_start}",)
    root = Path(weights).parent
    info = Candidate.read(root).info if (root / _RECORD).is_file() else None
    if info is None or (info.image_size_px, info.fit) == (image_size_px, fit):
        return found
    before = f"{info.image_size_px} px and fit {info.fit}"
    return (*found, f"the network of the warm start was trained on pictures of {before}")


def seen(weights: str) -> frozenset[str]:
    """Return the files (sha256) that a warm start was ever trained or calibrated on.

    What does not say so, a bare file or an old Candidate, is warned of: test pictures that it knows
    cannot be distinguished from others.
    """
    root = Path(weights).parent
    known = read_seen(root)
    if known is None and root.parent.name == CANDIDATES and is_number(root.name):
        known = seen_by_version(root.parent.parent, int(root.name))
    if known is None:
        LOG.warning("%s does not say what it was trained on; it must not be test pictures", weights)
        return frozenset()
    return known.sha256


def passport_of(path: Path) -> Passport:
    """Return the passport of a version's folder, or of the newest version in a model's."""
    if is_number(path.name):
        passport = read_passport(path.parent, int(path.name))
    else:
        newest = newest_version(path)
        passport = read_passport(path, newest.number) if newest else None
    if passport is None:
        raise WeightsError(
            "a published model, one of its versions, a Candidate or a .keras file",
            received=f"the folder {path}, which is none of them",
            do=_NAME_ONE,
        )
    return passport


def _candidate_of(passport: Passport, *, runs: Path | None) -> Path:
    """Return the Candidate folder that a version came from."""
    record = runs / passport.run_id / "steps" / "train.json" if runs else None
    if record is not None and record.is_file():
        root = Path(read_record(record, StepRecord).outputs.get("candidate", ""))
        if (root / _RECORD).is_file():
            LOG.info("version %d came from %s", passport.version, root)
            return root
    raise WeightsError(
        f"the Candidate that version {passport.version} came from in the run {passport.run_id}",
        received="no such folder here",
        do=_NAME_ONE,
    )


def _unfit(want: str, received: str) -> WeightsError:
    return WeightsError(
        "train.warm_start: "
        + expected(
            want,
            received=received,
            do="correct the settings, or leave train.warm_start out",
        )
    )
