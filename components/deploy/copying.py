"""A copy that is on the disk, and equal, before anybody relies on it."""

import hashlib
import os
import shutil
from pathlib import Path

from components.common.artifacts.records import file_sha256, files_below
from components.common.errors import PublishError
from components.common.files import sync_folder
from components.common.progress import track

_CHUNK_BYTES = 1 << 20
_RESERVE_BYTES = 1 << 20  # folders, passport


def copy_durably(source: Path, target: Path) -> None:
    """Copy a folder's files, flush them to the disk and compare every one with its source.

    Args:
        source: the folder to copy.
        target: where to; an empty folder.

    Raises:
        PublishError: too little space, or a copied file differs from its source.
        OSError: the volume cannot be written.
    """
    files = sorted(files_below(source))
    _check_space(files, target)
    for path in track(files, "publishing"):
        copied = target / path.relative_to(source)
        copied.parent.mkdir(parents=True, exist_ok=True)
        digest = _copy(path, copied)
        if file_sha256(copied) != digest:
            raise PublishError(
                f"a copy equal to {path}",
                received="other bytes",
                do="check the volume and run again",
            )
    for folder in (*(path for path in target.rglob("*") if path.is_dir()), target):
        sync_folder(folder)


def _copy(source: Path, target: Path) -> str:
    """Copy one file to the disk; return the SHA-256 of what was read."""
    total = hashlib.sha256()
    # Never a hard link: the source belongs to a cache, and a version must not change with it.
    with source.open("rb") as reader, target.open("xb") as writer:
        while chunk := reader.read(_CHUNK_BYTES):
            total.update(chunk)
            writer.write(chunk)
        writer.flush()
        os.fsync(writer.fileno())
    return total.hexdigest()


def _check_space(files: list[Path], folder: Path) -> None:
    needed = sum(path.stat().st_size for path in files) + _RESERVE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PublishError(
            f"{needed / 1e6:.1f} MB of free space below {folder}",
            received=f"{free / 1e6:.1f} MB",
            do="free some space or lower deploy.keep_versions",
        )
