"""What must hold before a process forks for a program that expects a fresh interpreter."""

import contextlib
import ctypes
import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

# They differ between a program and its parent, and no import reads them.
_OF_NO_MATTER = {"_", "PWD", "OLDPWD", "SHLVL", "PYTHONPATH", "_KFP_RUNTIME"}
# Arrow's memory allocator stops its thread before a fork, and starts it again after.
_FORKABLE = {"jemalloc_bg_thd"}
_PR_SET_PDEATHSIG = 1
# Libraries add to it as they are imported.
_ENVIRONMENT = dict(os.environ)


def import_all(modules: Sequence[str]) -> None:
    """Import modules, so that a fork finds them; end the process where a fork is not safe then."""
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # What is there stays: collecting would only copy pages.
    gc.freeze()
    # OpenBLAS ends its threads at the first fork, and starts them again when it needs them.
    if not (process := os.fork()):
        os._exit(0)
    os.waitpid(process, 0)
    try:
        _check_threads()
    except ValueError:
        os._exit(1)


def check_alike(wanted: Mapping[str, Any]) -> None:
    """Check that a plain interpreter would have imported the same, and that a fork is safe.

    Args:
        wanted: the `environment` and the `folder` of a launcher.

    Raises:
        ValueError: it would not, or is not.
    """
    known, given = _ENVIRONMENT, wanted["environment"]
    differ = {name for name in known.keys() | given.keys() if known.get(name) != given.get(name)}
    if differ := differ - _OF_NO_MATTER:
        raise ValueError(f"other values of {', '.join(sorted(differ))}")
    folders = filter(None, given.get("PYTHONPATH", "").split(os.pathsep))
    if not _resolved(folders) <= _resolved(sys.path):
        raise ValueError("another PYTHONPATH")
    if wanted["folder"] != str(Path.cwd()):
        raise ValueError("another folder")
    _check_threads()


def _resolved(folders: Iterable[str]) -> set[Path]:
    return {Path(folder).resolve() for folder in folders}


def _check_threads() -> None:
    tasks = Path("/proc/self/task").glob("*/comm")
    names = [name for task in tasks if (name := task.read_text().strip()) not in _FORKABLE]
    if len(names) > 1 or threading.active_count() > 1:
        raise ValueError(f"{len(names)} threads, and a fork takes one along: {', '.join(names)}")


def die_with_parent(*, by: signal.Signals = signal.SIGKILL) -> None:
    """Have this process sent a signal when the one that forked it ends; only Linux knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)
