"""Access to a model's folder: where it is, one change at a time, failures in the user's words."""

import errno
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from components.common import files
from components.common.errors import ConfigError, PublishError

_REMEDIES = {
    errno.ENOSPC: "free some space or lower deploy.keep_versions",
    errno.EDQUOT: "free some space or lower deploy.keep_versions",
    errno.EROFS: "mount the volume for writing or set another model_base_path",
    errno.EACCES: "give this user the right to write there or set another model_base_path",
    errno.EPERM: "give this user the right to write there or set another model_base_path",
    errno.ENOENT: "check the volume and model_base_path",
    errno.ENOTDIR: "set model_base_path to a folder",
    errno.EEXIST: "set model_base_path to a folder",
}


def model_folder(base_path: str | Path, model_name: str) -> Path:
    """Return `<base path>/<model name>`.

    Raises:
        ConfigError: the base path is not absolute.
    """
    if not Path(base_path).is_absolute():
        raise ConfigError(
            "an absolute folder as model_base_path",
            received=f"'{base_path}'",
            do="write the whole path, as TF Serving's --model_base_path needs it too",
        )
    return Path(base_path) / model_name


@contextmanager
def publishing(model_dir: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold the folder's lock for the block.

    Args:
        model_dir: the model's folder; created when absent.
        timeout_s: seconds to wait for another publish to end.

    Raises:
        PublishError: another publish holds the lock, or the folder cannot be written.
    """
    with explained(model_dir):
        model_dir.mkdir(parents=True, exist_ok=True)
    holder = "another publish or rollback"
    with files.locked(model_dir, holder=holder, timeout_s=timeout_s, error=PublishError):
        yield


def explained(model_dir: Path) -> AbstractContextManager[None]:
    """Turn a failure of the file system into a PublishError."""
    return files.explained(model_dir, error=PublishError, remedies=_REMEDIES)
