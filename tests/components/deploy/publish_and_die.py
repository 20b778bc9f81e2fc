"""Publish, and be killed at one point: `publish_and_die.py MODEL_DIR SOURCE POINT [REFERENCE]`."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import deploy_support

from components.common import files
from components.deploy import copying, kept

MODEL_DIR = Path(sys.argv[1]) if __name__ == "__main__" else Path()
RENAME = Path.rename


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_within_a_file(source: Path, target: Path) -> str:
    target.write_bytes(source.read_bytes()[:10])
    return str(die())


def die_before_rename(path: Path, target: Path) -> Path:
    if target.parent == MODEL_DIR:
        die()
    return RENAME(path, target)


def die_after_rename(path: Path, target: Path) -> Path:
    renamed = RENAME(path, target)
    if target.parent == MODEL_DIR:
        die()
    return renamed


def die_after_reference(*arguments: Any, **options: Any) -> None:
    kept.keep_reference(*arguments, **options)
    die()


POINTS: dict[str, tuple[Any, str, Any]] = {
    "in the middle of a file": (copying, "_copy", die_within_a_file),
    "before the copy is checked": (copying, "file_sha256", die),
    "before the passport": (deploy_support, "write_passport", die),
    "before the rename": (Path, "rename", die_before_rename),
    "after the rename": (Path, "rename", die_after_rename),
    "while cleaning": (files.shutil, "rmtree", die),
}

# Only where a reference is given.
REFERENCE_POINTS: dict[str, tuple[Any, str, Any]] = {
    "before the reference": (deploy_support, "keep_reference", die),
    "between reference and version": (deploy_support, "keep_reference", die_after_reference),
}

if __name__ == "__main__":
    owner, name, replacement = (POINTS | REFERENCE_POINTS)[sys.argv[3]]
    setattr(owner, name, replacement)
    reference = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    deploy_support.put(MODEL_DIR, Path(sys.argv[2]), reference=reference)
