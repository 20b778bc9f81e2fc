"""One change of versions at a time, and file-system failures in the user's words."""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from components.common.errors import ConfigError, PublishError, expected

_POLL_S = 0.1

_REMEDIES = {
    errno.ENOSPC: "free some space or lower deploy.keep_versions",
    errno.EDQUOT: "free some space or lower deploy.keep_versions",
    errno.EROFS: "mount the volume for writing or set another model_base_path",
    errno.EACCES: "give this user the right to write there or set another model_base_path",
    errno.EPERM: "give this user the right to write there or set another model_base_path",
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
            expected(
                "an absolute folder as model_base_path",
                received=f"'{base_path}'",
                do="write the whole path, as TF Serving's --model_base_path needs it too",
            )
        )
    return Path(base_path) / model_name


@contextlib.contextmanager
def publishing(model_dir: Path, *, timeout_s: float) -> Iterator[None]:
    """Hold the folder's lock for the block. The kernel lets go of it if the process dies.

    Args:
        model_dir: the model's folder; created when absent.
        timeout_s: seconds to wait for another publish to end.

    Raises:
        PublishError: another publish holds the lock, or the folder cannot be written.
    """
    with explained(model_dir):
        model_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(model_dir / ".publish.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _acquire(descriptor, model_dir, timeout_s)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, model_dir: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            with explained(model_dir):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise PublishError(
                    expected(
                        f"{model_dir} to be free within {timeout_s:g} s",
                        received="another publish or rollback at work there",
                        do="wait for it to end and run again",
                    )
                ) from None
            time.sleep(_POLL_S)
        else:
            return


@contextlib.contextmanager
def explained(model_dir: Path) -> Iterator[None]:
    """Turn a failure of the file system into a PublishError."""
    try:
        yield
    except BlockingIOError:
        raise
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "check the volume and model_base_path")
        raise PublishError(
            expected(f"to write below {model_dir}", received=f"'{error}'", do=remedy)
        ) from error
