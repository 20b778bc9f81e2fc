"""What is kept of a version beside it: its reference, its candidate, and what it comes from.

The caller holds the lock. Each is put in place whole; one that is there already stays as it is.
What a kill leaves, or what belongs to a version that never came, the next publish deletes.
"""

import logging
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from components.common.artifacts.lineage import Lineage, content_sha256, gathered, write_lineage
from components.common.artifacts.model_folder import candidate_path, lineage_path, reference_path
from components.common.errors import PublishError
from components.common.files import new_folder
from components.deploy.copying import copy_durably

LOG = logging.getLogger(__name__)

_READS_PICTURES = "ingest"


def keep_reference(source: Path, *, model_dir: Path, version: int) -> None:
    """Copy to `references/<version>` what drift will be measured against, before the version.

    Raises:
        PublishError: too little space, or the copy differs from its source.
        OSError: the volume cannot be written.
    """
    _keep_copy(source, reference_path(model_dir, version))


def keep_candidate(source: Path, *, model_dir: Path, version: int) -> None:
    """Copy a Candidate to `candidates/<version>`, so that the next training can start there.

    The version serves without it, so a copy that fails is only warned of: a warm start then needs
    the run's folder.
    """
    try:
        _keep_copy(source, candidate_path(model_dir, version))
    except (OSError, PublishError) as error:
        LOG.warning("the network behind version %d is not kept: %s", version, error)


def keep_lineage(
    artifacts: Mapping[str, Path],
    version: int,
    *,
    manifest: pd.DataFrame,
    out_of_fold: pd.DataFrame | None,
    model_dir: Path,
    model_sha256: str,
) -> None:
    """Write `lineage/<version>`, for when the run's folder is long gone.

    Args:
        artifacts: folders of what deploy was given, by its names for them.
        version: the version's number.
        manifest: rows of the Dataset among them.
        out_of_fold: see `write_lineage`; the next candidate is compared with these answers.
        model_dir: `<base path>/<model name>`.
        model_sha256: digest of the version's files.

    Raises:
        OSError: the volume cannot be written.
    """
    target = lineage_path(model_dir, version)
    if target.exists():
        return
    lineage = Lineage(
        model_sha256=model_sha256,
        roots={name: content_sha256(root) for name, root in artifacts.items()},
        links=gathered(artifacts.values()),
    )
    with new_folder(target) as folder:
        write_lineage(folder, lineage, manifest, out_of_fold=out_of_fold)


def data_read_unix_s(artifacts: Mapping[str, Path]) -> float:
    """Return when the pictures behind these artifacts were read; 0 where no record says so."""
    links = gathered(artifacts.values())
    return max((x.created_unix_s for x in links if x.producer == _READS_PICTURES), default=0.0)


def _keep_copy(source: Path, target: Path) -> None:
    if not target.exists():
        with new_folder(target) as folder:
            copy_durably(source, folder)
