"""The splits of the version that serves, which known pictures keep; on a cluster a step of its own.

Deploy keeps with each version which picture was in which split. Kubeflow cannot see that this has
changed, so a look at it comes before validate, which is then found again by the digest.
"""

import hashlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from components.common.artifacts.lineage import PICTURE_COLUMNS, read_lineage, read_pictures
from components.common.artifacts.model_folder import newest_version
from components.common.artifacts.records import file_sha256
from components.common.errors import DataError
from components.common.run_context import RunContext
from components.common.step import Nothing, Step
from components.validate.config import ValidateConfig

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class KeptSplits:
    """Which pictures of version `version` were in which split: rows of `read_pictures`."""

    version: int
    pictures: pd.DataFrame


def kept_splits(settings: ValidateConfig) -> KeptSplits | None:
    """Return the splits that known pictures keep; None where there are none to be kept.

    Raises:
        InputError: the version's lineage is damaged, or was asked for and is not there.
    """
    found = _version(settings)
    pictures = read_pictures(*found) if found else None
    if found is None or pictures is None:
        if settings.splits_of:
            raise DataError(
                f"the pictures of version {settings.splits_of}, whose splits are asked for",
                received=f"none kept below {settings.model_base_path or 'no model_base_path'}",
                do="correct validate.splits_of, or leave it out",
            )
        return None
    model_dir, version = found
    seed = _seed_of(model_dir, version)
    if seed != settings.split_seed:
        LOG.warning(
            "validate.split_seed=%d has no say over pictures that version %d knows, which were "
            "dealt out with %d; validate.keep_splits=false deals all out again",
            settings.split_seed,
            version,
            seed,
        )
    return KeptSplits(version, pictures)


def content_key(settings: ValidateConfig) -> str:
    """Return the digest of the splits that are kept, "" without any, and of the suite, if one."""
    found = _version(settings)
    pictures = read_pictures(*found) if found else None
    digest = "" if pictures is None else splits_sha256(pictures)
    suite = Path(settings.suite)
    return f"{digest} {file_sha256(suite)}" if settings.suite and suite.is_file() else digest


def splits_sha256(pictures: pd.DataFrame) -> str:
    """Return the digest of PICTURE_COLUMNS, whatever the order of the rows."""
    rows = pictures.loc[:, list(PICTURE_COLUMNS)].sort_values("path")
    return hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest()


def _version(settings: ValidateConfig) -> tuple[Path, int] | None:
    if not (settings.keep_splits and settings.model_base_path):
        return None
    model_dir = Path(settings.model_base_path) / settings.model_name
    if settings.splits_of:
        return model_dir, settings.splits_of
    newest = newest_version(model_dir)
    return (model_dir, newest.number) if newest else None


def _seed_of(model_dir: Path, version: int) -> int:
    """Return the seed of a version's splits, which was once that of the run."""
    lineage = read_lineage(model_dir, version)
    validated = [link for link in lineage.links if link.producer == "validate"] if lineage else []
    known = json.loads(validated[-1].config) if validated else {}
    return int(known.get("split_seed", known.get("seed", 0)))


def run(settings: ValidateConfig, inputs: Nothing, outputs: Nothing, context: RunContext) -> str:
    """Return the digest of the splits that are kept."""
    return content_key(settings)


STEP = Step("kept_splits", run)
