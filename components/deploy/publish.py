"""Put a SavedModel in place as the next version, at once or not at all.

The copy is made beside the versions under a name the server ignores, checked, flushed to the
disk and renamed; a rename is atomic on one volume. Killed before it, the publish has left only
a folder in progress, which the next one deletes; killed after it, the version is complete.
"""

from collections.abc import Callable
from pathlib import Path

from components.common.artifacts.model_folder import ModelVersion, newest_version
from components.common.artifacts.records import tree_sha256
from components.common.errors import PublishError
from components.common.files import new_folder
from components.deploy.access import explained
from components.deploy.copying import copy_durably
from components.deploy.versions import clean, next_number


def publish(
    saved_model: Path, *, model_dir: Path, model_sha256: str, prepare: Callable[[int], None]
) -> ModelVersion:
    """Publish a SavedModel; the caller holds `publishing(model_dir)`.

    Args:
        saved_model: the folder to publish.
        model_dir: `<base path>/<model name>`.
        model_sha256: the digest that the model was evaluated under.
        prepare: puts in place what is kept beside a version of that number, before it appears.

    Returns:
        The new version.

    Raises:
        PublishError: the model is not the evaluated one, or the folder cannot be written; the
            versions are as they were.
    """
    with explained(model_dir):
        clean(model_dir)
        number = next_number(model_dir)
        version = ModelVersion(number, model_dir / str(number))
        with new_folder(version.path) as staging:
            copy_durably(saved_model, staging)
            _check_digest(staging, model_sha256)
            prepare(number)
        return version


def published_already(model_dir: Path, model_sha256: str) -> ModelVersion | None:
    """Return the newest version if it is this very model, else None.

    So it is when an earlier publish was killed after the rename, or its task is repeated.
    """
    there = newest_version(model_dir)
    same = there is not None and tree_sha256(there.path) == model_sha256
    return there if same else None


def _check_digest(staging: Path, model_sha256: str) -> None:
    received = tree_sha256(staging)
    if received != model_sha256:
        raise PublishError(
            f"the model that was evaluated ({model_sha256[:12]})",
            received=f"another one ({received[:12]})",
            do="run the pipeline again",
        )
