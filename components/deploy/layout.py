"""What lies in a model's folder, and the names that TF Serving does not see.

<base path>/<model name>/
├── 3/  4/                versions: the server loads the highest number
├── passports/3.json      one page per version
├── references/3/         what drift of a version is measured against
├── candidates/3/         what a version was exported from, for the next warm start
├── lineage/3/            the artifacts and pictures that a version comes from
├── .staging-<id>/        a copy in progress
├── .retired-5/           a version that was taken back
└── .publish.lock         held while versions change
"""

import contextlib
import os
import re
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from components.common.artifacts.lineage import lineage_path
from components.common.artifacts.monitoring.reference import reference_path
from components.common.artifacts.passport import PASSPORTS, read_passport, settings_path

_STAGING = ".staging-"
_RETIRED = ".retired-"
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Version:
    """A numbered folder."""

    number: int
    path: Path


def versions(model_dir: Path) -> tuple[Version, ...]:
    """Return the versions that a server can see, lowest number first."""
    return _numbered(model_dir, prefix="")


def retired(model_dir: Path) -> tuple[Version, ...]:
    """Return the versions that were taken back, lowest number first."""
    return _numbered(model_dir, prefix=_RETIRED)


def newest(model_dir: Path) -> Version | None:
    """Return the version that a server prefers, None when there is none."""
    return next(reversed(versions(model_dir)), None)


def next_number(model_dir: Path) -> int:
    """Return a number that was never used: a server does not look at a number twice."""
    used = [version.number for version in (*versions(model_dir), *retired(model_dir))]
    used += [int(path.stem) for path in _passports(model_dir)]
    return max(used, default=0) + 1


def new_staging(model_dir: Path) -> Path:
    """Return a fresh name for a copy in progress."""
    return model_dir / f"{_STAGING}{uuid.uuid4().hex}"


def retired_path(model_dir: Path, number: int) -> Path:
    """Return where a version lies after it was taken back."""
    return model_dir / f"{_RETIRED}{number}"


def remove(path: Path) -> None:
    """Delete a version so that a server never sees half of it."""
    doomed = new_staging(path.parent)
    path.rename(doomed)
    shutil.rmtree(doomed)


def remove_reference(model_dir: Path, number: int) -> None:
    """Delete a version's reference, if it has one; a reader never sees half of it."""
    _remove_whole(reference_path(model_dir, number), model_dir)


def _remove_whole(path: Path, model_dir: Path) -> None:
    if path.exists():
        doomed = new_staging(model_dir)
        path.rename(doomed)
        shutil.rmtree(doomed)


def clean(model_dir: Path) -> None:
    """Delete what killed publishes left. The caller holds the lock, so none of it is in use."""
    for leftover in model_dir.glob(f"{_STAGING}*"):
        shutil.rmtree(leftover)
    present = {version.number for version in (*versions(model_dir), *retired(model_dir))}
    for path in _passports(model_dir):
        number = int(path.stem)
        passport = read_passport(model_dir, number)
        if number not in present and passport is not None and passport.state == "staged":
            remove_reference(model_dir, number)
            _remove_whole(lineage_path(model_dir, number), model_dir)
            settings_path(model_dir, number).unlink(missing_ok=True)
            path.unlink()


def sync_folder(path: Path) -> None:
    """Make the folder's entries survive a power cut, where the volume knows how."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        # Some network volumes refuse to sync a folder; there is nothing more to be done there.
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _numbered(model_dir: Path, *, prefix: str) -> tuple[Version, ...]:
    if not model_dir.is_dir():
        return ()
    found = [
        Version(int(path.name.removeprefix(prefix)), path)
        for path in model_dir.iterdir()
        if path.name.startswith(prefix)
        and _NUMBER.fullmatch(path.name.removeprefix(prefix))
        and path.is_dir()
    ]
    return tuple(sorted(found, key=lambda version: version.number))


def _passports(model_dir: Path) -> list[Path]:
    folder = model_dir / PASSPORTS
    return [path for path in folder.glob("*.json") if _NUMBER.fullmatch(path.stem)]
