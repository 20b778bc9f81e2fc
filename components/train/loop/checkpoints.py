"""Where a training run stands, on disk after every epoch, so that a kill costs one epoch at most.

The folder is named by what the run depends on: with other settings, data, weights or another Keras
a run that is started again finds nothing. Each file carries the digest of the code that wrote it;
other code starts from the beginning, and says so.
"""

import contextlib
import dataclasses
import functools
import hashlib
import json
import logging
import shutil
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from components.common import step_cache
from components.common.files import new_file
from components.train.session import EpochScore

LOG = logging.getLogger(__name__)

Arrays = list[npt.NDArray[Any]]

# Part of every key: raise it when the meaning of a file changes.
_FORMAT = "2"
# The fields of a standing that are arrays.
_SERIES = ("tail", "optimizer", "best")
_STALE_S = 14 * 24 * 3600.0


@functools.cache
def code_sha256() -> str:
    """Return the digest of the code that a training runs through."""
    return step_cache.code_sha256("train")


@dataclass(frozen=True)
class Standing:
    """A training after an epoch.

    curves: one row an epoch so far.
    batch: pictures a step: smaller than asked for where memory ran out.
    rng: state of the generator that draws views and order.
    tail: every variable of the tail, states of random layers included.
    optimizer: its variables.
    best: the weights of the best epoch so far, where these are what is kept.
    code: digest of the code that trains.
    """

    curves: tuple[EpochScore, ...]
    batch: int
    rng: dict[str, Any]
    tail: Arrays
    optimizer: Arrays
    best: Arrays = field(default_factory=list)
    code: str = field(default_factory=code_sha256)


@dataclass(frozen=True)
class Checkpoint:
    """The file of one training (an attempt, a stage); `path` None keeps nothing."""

    path: Path | None = None

    @classmethod
    def of(cls, training: str, folder: Path | None) -> "Checkpoint":
        """Return the file of a training, by any name, in its run's folder."""
        name = f"{hashlib.sha256(training.encode()).hexdigest()}.npz"
        return cls(folder / name if folder else None)

    def read(self) -> Standing | None:
        """Return where the training stood, None when it has not begun or the file is damaged."""
        if self.path is None or not self.path.exists():
            return None
        try:
            # By a stream of ours: NumPy does not close a file that it finds damaged.
            with self.path.open("rb") as stream, np.load(stream) as archive:
                standing = _standing(archive)
        except (OSError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
            LOG.warning("%s cannot be read (%s): starting again", self.path.name, error)
            return None
        if standing.code != code_sha256():
            LOG.warning("the code has changed since %s was written: starting again", self.path.name)
            return None
        return standing

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


def run_folder(root: Path, *depends_on: str) -> Path:
    """Return the folder of the run that depends on the given digests and on this Keras.

    What killed runs left in `root` that nobody has taken up again is removed.
    """
    oldest = time.time() - _STALE_S
    for folder in root.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
    parts = (_FORMAT, keras.__version__, keras.backend.backend(), *depends_on)
    return root / hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _arrays(standing: Standing) -> dict[str, Any]:
    story = {
        "curves": [dataclasses.asdict(row) for row in standing.curves],
        "batch": standing.batch,
        "rng": standing.rng,
        "code": standing.code,
    }
    arrays: dict[str, Any] = {"story": np.asarray(json.dumps(story))}
    for name in _SERIES:
        for index, array in enumerate(getattr(standing, name)):
            arrays[f"{name}{index}"] = array
    return arrays


def _standing(archive: Any) -> Standing:
    fields = json.loads(str(archive["story"]))
    fields["curves"] = tuple(EpochScore(**row) for row in fields["curves"])
    for name in _SERIES:
        count = sum(key.startswith(name) for key in archive.files)
        fields[name] = [archive[f"{name}{index}"] for index in range(count)]
    return Standing(**fields)


def values_of(variables: Sequence[Any]) -> Arrays:
    """Return copies of Keras variables' values."""
    return [np.array(variable.numpy()) for variable in variables]


def assign_all(variables: Sequence[Any], values: Arrays) -> None:
    """Set Keras variables.

    Raises:
        ValueError: another number of variables, or other shapes.
    """
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
