"""Keep a version's reference beside it: put in place whole, once, before the version itself."""

from pathlib import Path

from components.common.artifacts.monitoring.reference import REFERENCES, reference_path
from components.deploy.copying import copy_durably
from components.deploy.layout import new_staging, sync_folder


def keep_reference(source: Path, *, model_dir: Path, version: int) -> None:
    """Copy a reference to `references/<version>`; one that is there already stays as it is.

    The caller holds the lock. Killed on the way, it leaves a staging folder, or the reference of a
    version that never came; both are deleted by the next publish.

    Raises:
        PublishError: too little space, or the copy differs from its source.
        OSError: the volume cannot be written.
    """
    target = reference_path(model_dir, version)
    if target.exists():
        return
    staging = new_staging(model_dir)
    copy_durably(source, staging)
    (model_dir / REFERENCES).mkdir(exist_ok=True)
    staging.rename(target)
    sync_folder(target.parent)
