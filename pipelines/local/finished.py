"""Runs that have ended, and the artifacts that they have left."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from components.common.artifacts.run_summary import RunSummary
from components.common.errors import DataError, InputError


def silence_tensorflow() -> None:
    """Keep TensorFlow's start-up lines out of a command's own output; what the user set wins."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def run_folder(word: str, runs_dir: Path) -> Path:
    """Return the folder of a run.

    Args:
        word: the run's name, the path of its folder, or "latest".
        runs_dir: where runs are.

    Raises:
        InputError: there is no such run.
    """
    for place in (runs_dir / word, Path(word)):
        if (place / "arguments.json").is_file():
            return place.resolve()
    names = sorted(path.parent.name for path in runs_dir.glob("*/arguments.json"))
    raise InputError(
        f"a run in {runs_dir} (newest: {', '.join(names[-3:]) or 'none'}), or the path of one",
        received=f"'{word}'",
        do="correct the name or --runs-dir",
    )


def artifacts(
    summary: RunSummary, run_dir: Path, wanted: Mapping[str, Sequence[str]]
) -> dict[str, Path]:
    """Return the folders of artifacts.

    Args:
        summary: of the run.
        run_dir: its folder, for messages.
        wanted: by what the caller calls them, the outputs ("step.name") that they may be, the
            first that is there.

    Raises:
        DataError: one is gone.
    """
    found = {}
    for name, outputs in wanted.items():
        known = next((summary.artifacts[one] for one in outputs if one in summary.artifacts), "")
        if not known or not Path(known).is_dir():
            raise DataError(
                f"the {name} of the run in {run_dir}",
                received=f"nothing at '{known}'",
                do="run the pipeline again: it reuses what has not changed",
            )
        found[name] = Path(known)
    return found
