"""Outputs of earlier runs, by content: same step, code, settings and inputs, same outputs."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import time
import uuid
from collections.abc import Mapping
from pathlib import Path

from components.common.artifacts.records import (
    PROVENANCE,
    file_sha256,
    files_below,
    link_tree,
    tree_sha256,
)

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
        "code": _code_sha256(step),
        "libraries": _library_versions(),
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
    partial = folder / f".partial-{uuid.uuid4().hex}"
    for name, path in outputs.items():
        link_tree(path, partial / name)
    try:
        partial.rename(folder / key)
    except OSError:  # another run was faster; its entry is as good
        shutil.rmtree(partial, ignore_errors=True)
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
    record = root / PROVENANCE
    if not record.exists():
        return False
    return bool(json.loads(record.read_text())["content_sha256"] == tree_sha256(root))


def _code_sha256(step: str) -> str:
    components = Path(__file__).parents[1]
    total = hashlib.sha256()
    for folder in (components / "common", components / "networks", components / step):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in _SOURCES):
            total.update(f"{path.relative_to(components)} {file_sha256(path)}\n".encode())
    return total.hexdigest()


def _library_versions() -> dict[str, str]:
    versions = {}
    for name in _LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions
