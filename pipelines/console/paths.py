"""Paths of a run for a person: shown short, and linked where they are easy to find."""

import os
from pathlib import Path


def short(path: Path) -> str:
    """Return a path from where the user stands, if it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def link(name: Path, target: Path) -> None:
    """Point a short name at an artifact deep below the run's folder."""
    name.unlink(missing_ok=True)
    name.symlink_to(os.path.relpath(target, name.parent))
