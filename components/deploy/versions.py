"""Versions as deploy changes them: numbered, taken back, removed. The caller holds the lock."""

import logging
from collections.abc import Collection
from pathlib import Path

from components.common.artifacts.model_folder import (
    CANDIDATES,
    LINEAGES,
    PASSPORTS,
    REFERENCES,
    ModelVersion,
    candidate_path,
    lineage_path,
    passport_numbers,
    passport_page_path,
    passport_path,
    reference_path,
    settings_path,
    versions,
)
from components.common.artifacts.passport import mark, read_passport
from components.common.files import remove_folder, remove_partials, sync_folder

LOG = logging.getLogger(__name__)

_RETIRED = ".retired-"


def retired(model_dir: Path) -> tuple[ModelVersion, ...]:
    """Return the versions that were taken back, lowest number first."""
    return versions(model_dir, prefix=_RETIRED)


def next_number(model_dir: Path) -> int:
    """Return a number that was never used: a server does not look at a number twice."""
    used = [version.number for version in (*versions(model_dir), *retired(model_dir))]
    return max((*used, *passport_numbers(model_dir)), default=0) + 1


def retire(model_dir: Path, version: ModelVersion) -> None:
    """Hide a version from the server by one rename."""
    version.path.rename(model_dir / f"{_RETIRED}{version.number}")
    sync_folder(model_dir)
    mark(model_dir, version.number, "retired")
    LOG.warning("version %d of %s is taken back", version.number, model_dir.name)


def restore(model_dir: Path, version: ModelVersion) -> None:
    """Let the server see a version that was taken back."""
    version.path.rename(model_dir / str(version.number))
    mark(model_dir, version.number, "confirmed")


def prune(model_dir: Path, *, keep: int, in_use: Collection[int] = ()) -> tuple[int, ...]:
    """Delete old versions with all that is kept of them but their passports.

    The best version so far stays: the next candidate is compared with it.

    Args:
        model_dir: `<base path>/<model name>`.
        keep: how many of the newest stay, at least 2 (the serving one and the one before).
        in_use: versions that a server serves by number or label; they stay too.

    Returns:
        The numbers removed. A folder that cannot be removed is only warned of: the version
        that was just published serves all the same.
    """
    kept = versions(model_dir)[-max(keep, 2) :]
    oldest = kept[0].number if kept else 0
    old = [v for v in (*versions(model_dir), *retired(model_dir)) if v.number < oldest]
    stay = {*in_use, *(version.number for version in kept)}
    passports = [read_passport(model_dir, number) for number in stay]
    stay |= {passport.best_version for passport in passports if passport}
    removed: list[int] = []
    for version in old:
        if version.number in stay:
            continue
        try:
            remove_folder(version.path)
            remove_folder(reference_path(model_dir, version.number))
            remove_folder(candidate_path(model_dir, version.number))
            mark(model_dir, version.number, "pruned")
        except OSError as error:
            LOG.warning("version %d could not be removed: %s", version.number, error)
        else:
            removed.append(version.number)
    return tuple(removed)


def clean(model_dir: Path) -> None:
    """Delete what killed publishes left; under the lock none of it is in use."""
    for folder in (".", PASSPORTS, REFERENCES, CANDIDATES, LINEAGES):
        remove_partials(model_dir / folder)
    present = {version.number for version in (*versions(model_dir), *retired(model_dir))}
    for number in passport_numbers(model_dir):
        passport = read_passport(model_dir, number)
        if number not in present and passport is not None and passport.state == "staged":
            remove_folder(reference_path(model_dir, number))
            remove_folder(lineage_path(model_dir, number))
            settings_path(model_dir, number).unlink(missing_ok=True)
            passport_page_path(model_dir, number).unlink(missing_ok=True)
            passport_path(model_dir, number).unlink()
