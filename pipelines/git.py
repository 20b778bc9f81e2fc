"""What git knows of a folder."""

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Return what git says, "" without git or outside of a repository."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
