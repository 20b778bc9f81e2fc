"""Keep with a version what it comes from: it must be told when the run's folder is long gone."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from components.common.artifacts.lineage import (
    LINEAGES,
    Lineage,
    gathered,
    lineage_path,
    read_provenance,
    write_lineage,
)
from components.common.artifacts.records import tree_sha256
from components.deploy.layout import new_staging, sync_folder

_READS_PICTURES = "ingest"


def keep_lineage(
    artifacts: Mapping[str, Path],
    version: int,
    *,
    manifest: pd.DataFrame,
    model_dir: Path,
    model_sha256: str,
) -> None:
    """Write `lineage/<version>`; one that is there already stays as it is.

    The caller holds the lock. Killed on the way, it leaves a staging folder, or the lineage of a
    version that never came; both are deleted by the next publish.

    Args:
        artifacts: folders of what deploy was given, by its names for them.
        version: the version's number.
        manifest: rows of the Dataset among them.
        model_dir: `<base path>/<model name>`.
        model_sha256: digest of the version's files.

    Raises:
        OSError: the volume cannot be written.
    """
    target = lineage_path(model_dir, version)
    if target.exists():
        return
    staging = new_staging(model_dir)
    staging.mkdir()
    lineage = Lineage(
        model_sha256=model_sha256,
        roots={name: _digest(root) for name, root in artifacts.items()},
        links=gathered(artifacts.values()),
    )
    write_lineage(staging, lineage, manifest)
    (model_dir / LINEAGES).mkdir(exist_ok=True)
    staging.rename(target)
    sync_folder(target.parent)


def data_read_unix_s(artifacts: Mapping[str, Path]) -> float:
    """Return when the pictures behind these artifacts were read; 0 where nothing tells."""
    links = gathered(artifacts.values())
    return max((x.created_unix_s for x in links if x.producer == _READS_PICTURES), default=0.0)


def _digest(root: Path) -> str:
    known = read_provenance(root)
    return known.content_sha256 if known is not None else tree_sha256(root)
