"""The version that serves now, judged on the same pictures by the same code."""

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.model_folder import ModelVersion
from components.common.artifacts.passport import read_passport
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


def score_incumbent(
    version: ModelVersion,
    dataset: Dataset,
    *,
    candidate_sha256: str,
    predictions: pd.DataFrame,
    batch_size: int,
) -> Incumbent:
    """Score a serving version; one that cannot be loaded or run is reported, not raised.

    Whatever is wrong with it, the candidate's evaluation stands: a broken incumbent is one more
    reason to look at the candidate. One that is the candidate has its `predictions`.
    """
    number = version.number
    try:
        digest = tree_sha256(version.path)
        if digest == candidate_sha256:
            return Incumbent(number, digest, predictions)
        activity = f"asking version {number}, which serves now"
        table = score(version.path, dataset, batch_size=batch_size, activity=activity)
    except Exception as error:
        LOG.warning("version %d could not be scored", number, exc_info=True)
        first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
        note = f"Version {number}, which serves now, could not be scored: {first_line[:300]}"
        return Incumbent(number, "", None, note)
    return Incumbent(number, digest, table)


def below_best(model_dir: Path, version: int) -> float:
    """Return what a version lost against the best one before it, as its passport says.

    A version that a person let through against the gate's word begins a new count.
    """
    passport = read_passport(model_dir, version)
    if passport is None or passport.verdict.override is not None:
        return 0.0
    return passport.verdict.below_best
