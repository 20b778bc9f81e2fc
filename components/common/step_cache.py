"""Outputs of earlier runs, by content: same step, code, settings and inputs, same outputs."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from components.common.artifacts.lineage import read_provenance
from components.common.artifacts.records import file_sha256, files_below, link_tree, tree_sha256
from components.common.files import new_folder

KEEP_PER_STEP = 8
KEEP_BYTES_PER_STEP = 20 * 10**9
# A new version of one of these may change a result.
_LIBRARIES = (
    *("numpy", "pillow", "pandas", "pyarrow", "scipy", "scikit-learn", "great-expectations"),
    *("h5py", "keras", "tensorflow", "jax", "jaxlib"),
)
# Code, and what a report is made of.
_SOURCES = {".py", ".html", ".css"}
# A killed run's copy in progress; another run's may be younger.
_ABANDONED_S = 3600.0


def key(step: str, settings_json: str, inputs: Mapping[str, str], content: str) -> str:
    """Return the digest of all that a step's outputs depend on.

    Args:
        step: the step's folder name; its source files and those of `common` and `networks` are
            part of the key.
        settings_json: the canonical section.
        inputs: content digests of the input artifacts.
        content: digest of anything else that is read.
    """
    parts = {
        "step": step,
        "code": code_sha256(step),
        "libraries": library_versions(),
        "python": platform.python_version(),
        "backend": os.environ.get("KERAS_BACKEND", ""),
        "settings": settings_json,
        "inputs": dict(inputs),
        "content": content,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def fetch(cache_dir: str, step: str, key: str, outputs: Mapping[str, Path]) -> bool:
    """Link the cached outputs into place; False when there are none or they are damaged."""
    entry = Path(cache_dir) / step / key
    if not entry.is_dir():
        return False
    if not all(_intact(entry / name) for name in outputs):
        shutil.rmtree(entry, ignore_errors=True)
        return False
    try:
        for name, path in outputs.items():
            link_tree(entry / name, path)
    except (OSError, shutil.Error):
        # Another run has evicted it meanwhile. What was linked must go: who writes into a linked
        # file writes into the cache.
        for path in outputs.values():
            shutil.rmtree(path, ignore_errors=True)
        return False
    with contextlib.suppress(FileNotFoundError):
        os.utime(entry)
    return True


def store(cache_dir: str, step: str, key: str, outputs: Mapping[str, Path]) -> None:
    """Keep outputs for later runs; safe beside other runs, since an entry appears by rename."""
    folder = Path(cache_dir) / step
    # Without room, or when another run was faster (its entry is as good), nothing is kept.
    with contextlib.suppress(OSError, shutil.Error), new_folder(folder / key) as entry:
        for name, path in outputs.items():
            link_tree(path, entry / name)
    _evict(folder)


def _evict(folder: Path) -> None:
    """Keep the entries used last, as many as fit into both limits; the newest always stays."""
    abandoned = time.time() - _ABANDONED_S
    entries, total = [], 0
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run may evict as well
            used = path.stat().st_mtime
            if not path.name.startswith("."):
                entries.append((used, path))
            elif used < abandoned:
                shutil.rmtree(path, ignore_errors=True)
    for rank, (_, path) in enumerate(sorted(entries, reverse=True)):
        total += _bytes_below(path)
        if rank and (rank >= KEEP_PER_STEP or total > KEEP_BYTES_PER_STEP):
            shutil.rmtree(path, ignore_errors=True)


def _bytes_below(root: Path) -> int:
    total = 0
    for path in files_below(root):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def _intact(root: Path) -> bool:
    known = read_provenance(root)
    return known is not None and known.content_sha256 == tree_sha256(root)


def code_sha256(step: str) -> str:
    """Return the digest of a step's source files and of those of `common` and `networks`."""
    components = Path(__file__).parents[1]
    return sources_sha256(components / name for name in ("common", "networks", step))


def sources_sha256(folders: Iterable[Path]) -> str:
    """Return the digest of the source files below some folders."""
    total = hashlib.sha256()
    for folder in folders:
        for path in sorted(path for path in folder.rglob("*") if path.suffix in _SOURCES):
            total.update(f"{path.relative_to(folder.parent)} {file_sha256(path)}\n".encode())
    return total.hexdigest()


def library_versions() -> dict[str, str]:
    """Return the versions of the installed libraries that may change a result."""
    versions = {}
    for name in _LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions
