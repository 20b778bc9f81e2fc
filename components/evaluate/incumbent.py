"""The version that serves now, judged on the same pictures by the same code."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.records import tree_sha256
from components.evaluate.predictions import score

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Incumbent:
    """What serves now. `predictions` is None when it could not be scored; `note` says why."""

    version: int
    sha256: str
    predictions: pd.DataFrame | None
    note: str = ""


@dataclass(frozen=True)
class Known:
    """A model that was scored already: an incumbent with the same digest need not be again."""

    sha256: str
    predictions: pd.DataFrame


def newest_version(base_path: str, model_name: str) -> Path | None:
    """Return the folder of the highest version number below `base_path/model_name`, or None."""
    if not base_path:
        return None
    folder = Path(base_path) / model_name
    if not folder.is_dir():
        return None
    versions = [path for path in folder.iterdir() if path.is_dir() and path.name.isdecimal()]
    return max(versions, key=lambda path: int(path.name), default=None)


def score_incumbent(
    version: Path, dataset: Dataset, *, candidate: Known, batch_size: int
) -> Incumbent:
    """Score a serving version; one that cannot be loaded or run is reported, not raised.

    Whatever is wrong with it, the candidate's evaluation stands: a broken incumbent is one more
    reason to look at the candidate.
    """
    number = int(version.name)
    try:
        digest = tree_sha256(version)
        if digest == candidate.sha256:
            return Incumbent(number, digest, candidate.predictions)
        activity = f"asking version {number}, which serves now"
        table = score(version, dataset, batch_size=batch_size, activity=activity)
    except Exception as error:
        LOG.warning("version %d could not be scored", number, exc_info=True)
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        note = f"Version {number}, which serves now, could not be scored: {first_line[:300]}"
        return Incumbent(number, "", None, note)
    return Incumbent(number, digest, table)
