"""Publish, and be killed at one point: `publish_and_die.py MODEL_DIR SOURCE POINT [REFERENCE]`."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from deploy_support import put

from components.deploy import copying, layout, publish


def die(*_: Any, **__: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def die_within_a_file(source: Path, target: Path) -> str:
    target.write_bytes(source.read_bytes()[:10])
    return str(die())


def die_before_rename(path: Path, target: Path) -> Path:
    return Path(die(path, target))


POINTS: dict[str, tuple[Any, str, Any]] = {
    "in the middle of a file": (copying, "_copy", die_within_a_file),
    "before the copy is checked": (copying, "file_sha256", die),
    "before the passport": (publish, "write_passport", die),
    "before the rename": (Path, "rename", die_before_rename),
    "after the rename": (publish, "sync_folder", die),
    "while cleaning": (layout.shutil, "rmtree", die),
}

# Only where a reference is given.
REFERENCE_POINTS: dict[str, tuple[Any, str, Any]] = {
    "before the reference": (publish, "keep_reference", die),
    "between reference and version": (publish, "Version", die),
}

if __name__ == "__main__":
    owner, name, replacement = (POINTS | REFERENCE_POINTS)[sys.argv[3]]
    setattr(owner, name, replacement)
    reference = Path(sys.argv[4]) if len(sys.argv) > 4 else None
    put(Path(sys.argv[1]), Path(sys.argv[2]), reference=reference)
