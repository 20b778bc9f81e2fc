"""Where a training run stands, on disk after every epoch, so that a kill costs one epoch at most.

The folder is named by everything that the run depends on; a run started again with other settings,
data, weights or another Keras finds nothing and starts from the beginning.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import shutil
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.common.files import new_file
from components.train.loop.variables import Arrays
from components.train.session import EpochScore

LOG = logging.getLogger(__name__)

# Part of every key: raise it when the meaning of a file changes.
_FORMAT = "1"
_STALE_S = 14 * 24 * 3600.0


@dataclass(frozen=True)
class Standing:
    """A training after an epoch.

    curves: one row an epoch so far.
    batch: pictures a step: smaller than asked for where memory ran out.
    rng: state of the generator that draws views and order.
    tail: every variable of the tail, states of random layers included.
    optimizer: its variables.
    kept: the weights that would be kept if this were the end.
    """

    curves: tuple[EpochScore, ...]
    batch: int
    rng: dict[str, Any]
    tail: Arrays
    optimizer: Arrays
    kept: Arrays = field(default_factory=list)


@dataclass(frozen=True)
class Checkpoint:
    """One training's file; `path` None keeps nothing."""

    path: Path | None = None

    def read(self) -> Standing | None:
        """Return where the training stood, None when it has not begun or the file is damaged."""
        if self.path is None or not self.path.exists():
            return None
        try:
            # By a stream of ours: NumPy does not close a file that it finds damaged.
            with self.path.open("rb") as stream, np.load(stream) as archive:
                return _standing(archive)
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            LOG.warning("%s cannot be read (%s): starting anew", self.path.name, error)
            return None

    def write(self, standing: Standing) -> None:
        """Replace the file in one step. A full disk costs the checkpoint, not the training."""
        if self.path is None:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with new_file(self.path, durable=False) as partial, partial.open("wb") as stream:
                np.savez(stream, allow_pickle=False, **_arrays(standing))
        except OSError as error:
            LOG.warning("where the training stands could not be written down: %s", error)


@dataclass(frozen=True)
class Checkpoints:
    """The files of one run, one a training (an attempt, a stage); `folder` None keeps nothing."""

    folder: Path | None = None

    @classmethod
    def below(cls, root: Path, *depends_on: str) -> "Checkpoints":
        """Return those of the run that depends on the given digests and on this Keras."""
        parts = (_FORMAT, keras.__version__, keras.backend.backend(), *depends_on)
        _drop_stale(root)
        return cls(root / hashlib.sha256("\n".join(parts).encode()).hexdigest())

    def of(self, training: str) -> Checkpoint:
        """Return the file of one training of the run, by any name."""
        if self.folder is None:
            return Checkpoint()
        return Checkpoint(self.folder / f"{hashlib.sha256(training.encode()).hexdigest()}.npz")

    def remove(self) -> None:
        """Forget the run: it is done."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _arrays(standing: Standing) -> dict[str, Any]:
    story = {
        "curves": [dataclasses.asdict(row) for row in standing.curves],
        "batch": standing.batch,
        "rng": standing.rng,
    }
    arrays: dict[str, Any] = {"story": np.asarray(json.dumps(story))}
    for name in ("tail", "optimizer", "kept"):
        for index, array in enumerate(getattr(standing, name)):
            arrays[f"{name}{index}"] = array
    return arrays


def _standing(archive: Any) -> Standing:
    story = json.loads(str(archive["story"]))
    return Standing(
        curves=tuple(EpochScore(**row) for row in story["curves"]),
        batch=story["batch"],
        rng=story["rng"],
        tail=_series(archive, "tail"),
        optimizer=_series(archive, "optimizer"),
        kept=_series(archive, "kept"),
    )


def _series(archive: Any, name: str) -> Arrays:
    count = sum(key.startswith(name) for key in archive.files)
    return [archive[f"{name}{index}"] for index in range(count)]


def _drop_stale(root: Path) -> None:
    """Remove what killed runs left that nobody has taken up again."""
    oldest = time.time() - _STALE_S
    for folder in root.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
