"""Keep what a version was exported from beside it, so that the next training can start there."""

import logging
import shutil
from pathlib import Path

from components.common.artifacts.candidate import candidate_path
from components.common.errors import PublishError
from components.deploy.copying import copy_durably
from components.deploy.layout import new_staging, sync_folder

LOG = logging.getLogger(__name__)


def keep_candidate(source: Path, *, model_dir: Path, version: int) -> None:
    """Copy a Candidate to `candidates/<version>`; one that is there already stays as it is.

    The caller holds the lock. The version serves without it, so a copy that fails is only warned
    of: a warm start then needs the run's folder.
    """
    target = candidate_path(model_dir, version)
    if target.exists():
        return
    staging = new_staging(model_dir)
    try:
        copy_durably(source, staging)
        target.parent.mkdir(exist_ok=True)
        staging.rename(target)
        sync_folder(target.parent)
    except (OSError, PublishError) as error:
        shutil.rmtree(staging, ignore_errors=True)
        LOG.warning("the network behind version %d is not kept: %s", version, error)


def remove_candidate(model_dir: Path, number: int) -> None:
    """Delete what was kept of a version, if anything; a reader never sees half of it."""
    path = candidate_path(model_dir, number)
    if path.exists():
        doomed = new_staging(model_dir)
        path.rename(doomed)
        shutil.rmtree(doomed)
