"""What `data.dvc` pins, compared with what is on disk, file by file.

DVC names a folder by the MD5 of a listing of its files' MD5s and keeps the listing in its
cache. Comparing with the listing here takes under a second (DVC's own start takes three),
so every run can afford it; changes to the cache are left to DVC itself.
"""

import configparser
import hashlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.common import progress
from components.common.artifacts.records import files_below
from components.common.errors import DataError, some

LOG = logging.getLogger(__name__)

PIN = "data.dvc"

Listing = dict[str, str]
"""Path inside the folder (POSIX) -> MD5 of the file."""


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Files that differ from the pin, by their path inside the folder."""

    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """True when anything differs."""
        return bool(self.changed or self.missing or self.extra)

    def __str__(self) -> str:
        """Return "1 changed (a.png), 7 missing (b.png, ... and 2 more)"."""
        kinds = {"changed": self.changed, "missing": self.missing, "not pinned": self.extra}
        return ", ".join(f"{len(x)} {kind} ({some(x)})" for kind, x in kinds.items() if x)


def listing(folder: Path) -> Listing:
    """Hash every file below `folder`, on all processors."""
    paths = sorted(files_below(folder))
    names = (path.relative_to(folder).as_posix() for path in paths)
    return dict(zip(names, progress.mapped(_md5, paths, "checking the data"), strict=True))


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def listing_md5(files: Listing) -> str:
    """Return the name DVC gives to a folder with these files (without ".dir")."""
    paths = sorted(files, key=lambda path: path.split("/"))
    rows = [{"md5": files[path], "relpath": path} for path in paths]
    text = json.dumps(rows, sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def pinned_md5(project_root: Path, name: str = PIN) -> str:
    """Return the folder's name in a `.dvc` file, without ".dir".

    Raises:
        DataError: the file is absent or pins no folder.
    """
    pin = project_root / name
    try:
        digest = str(yaml.safe_load(pin.read_text())["outs"][0]["md5"])
    except (OSError, yaml.YAMLError, KeyError, IndexError, TypeError):
        raise DataError(
            f"{pin} to pin a folder",
            received="no such file, or a file without 'outs'",
            do=f"stand in a clone of Graft, or restore it there: git checkout -- {name}",
        ) from None
    return digest.removesuffix(".dir")


def pinned_listing(project_root: Path, name: str = PIN) -> Listing | None:
    """Return the pinned files from DVC's cache; None when the cache does not hold them."""
    digest = pinned_md5(project_root, name)
    path = _cache(project_root) / "files" / "md5" / digest[:2] / f"{digest[2:]}.dir"
    try:
        rows = json.loads(path.read_text())
        files = {str(row["relpath"]): str(row["md5"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return files if listing_md5(files) == digest else None


def holder_of(revision: str, project_root: Path) -> str:
    """Return where a version of a folder is: DVC's cache, or the address of the default remote.

    Args:
        revision: the hash, with ".dir".
        project_root: holds `.dvc/`.

    Raises:
        DataError: the cache does not hold it, and there is no remote.
    """
    cache = _cache(project_root)
    if (cache / "files" / "md5" / revision[:2] / revision[2:]).is_file():
        return str(cache)
    addresses: dict[str, str] = {}
    default = ""
    for parser in _configs(project_root):
        default = parser.get("core", "remote", fallback=default)
        for section in parser.sections():
            name = section.strip("'").removeprefix("remote ").strip('"')
            if name != section.strip("'"):
                addresses[name] = parser.get(section, "url", fallback=addresses.get(name, ""))
    address = addresses.get(default, next(iter(addresses.values()), ""))
    if not address:
        raise DataError(
            f"version {revision} in DVC's cache or in a remote",
            received="neither",
            do="add the remote that holds it ('dvc remote add')",
        )
    # DVC means a folder from where its configuration lies.
    return address if "://" in address else str(project_root / ".dvc" / address)


def _cache(project_root: Path) -> Path:
    """Return DVC's cache folder, which the config may have moved."""
    folder = "cache"
    for parser in _configs(project_root):
        folder = parser.get("cache", "dir", fallback=folder)
    return project_root / ".dvc" / folder


def _configs(project_root: Path) -> Iterator[configparser.ConfigParser]:
    """Yield the project's DVC configuration and the user's local one above it."""
    for name in ("config", "config.local"):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(project_root / ".dvc" / name)
        yield parser


def compare(actual: Listing, pinned: Listing) -> Differences:
    """Return which files differ."""
    both = actual.keys() & pinned.keys()
    return Differences(
        changed=tuple(sorted(path for path in both if actual[path] != pinned[path])),
        missing=tuple(sorted(pinned.keys() - actual.keys())),
        extra=tuple(sorted(actual.keys() - pinned.keys())),
    )


def has_remote(project_root: Path) -> bool:
    """Return whether this project has a DVC remote, in `.dvc/config` or `.dvc/config.local`.

    Read from the files: asking DVC itself takes three seconds.
    """
    names = [name for parser in _configs(project_root) for name in parser.sections()]
    return any(name.strip("'").startswith("remote ") for name in names)


def has_dvc() -> bool:
    """Return whether DVC is installed; what a run needs does not include it."""
    return importlib.util.find_spec("dvc") is not None


def pull_from_remote(project_root: Path) -> None:
    """Fetch the pinned data from the DVC remote into the working folder.

    Raises:
        DataError: DVC could not; the message carries its last words.
    """
    progress.report("pulling from the DVC remote", 0, 0)
    _dvc(project_root, "pull", "--force", PIN)


def keep(project_root: Path) -> None:
    """Put the working folder's files into DVC's cache, so that `dvc status` is clean.

    The folder must already equal the pin; `data.dvc` stays as it is, byte by byte.
    """
    pin = project_root / PIN
    before = pin.read_bytes()
    progress.report("keeping the data in the DVC cache", 0, 0)
    _dvc(project_root, "commit", "--force", PIN)
    if pin.read_bytes() != before:
        pin.write_bytes(before)


def commit(project_root: Path, name: str) -> None:
    """Let a `.dvc` file pin what its folder holds now, and keep the files in DVC's cache.

    Raises:
        DataError: DVC could not; the message carries its last words.
    """
    progress.report(f"updating {name}", 0, 0)
    _dvc(project_root, "commit", "--force", name)


def _dvc(project_root: Path, *arguments: str) -> None:
    if not has_dvc():
        raise DataError(
            "DVC installed",
            received="no package dvc",
            do="run 'make install-dev', or: pip install 'graft-vision[data]'",
        )
    under_git = any((folder / ".git").exists() for folder in (project_root, *project_root.parents))
    if arguments[0] != "config" and not under_git:
        # An unpacked archive has no .git; DVC must be set so once.
        _dvc(project_root, "config", "--local", "core.no_scm", "true")
    done = subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=project_root,
        capture_output=True,
        text=True,
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        check=False,
    )
    if done.returncode != 0:
        LOG.info("dvc said:\n%s%s", done.stdout, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
        words = said[0].removeprefix("ERROR: ") if said else done.stderr.strip()[-300:]
        raise DataError(
            f"'dvc {' '.join(arguments)}' to succeed",
            received=f"an error ({words})",
            do="put right what it names (the remote's address or credentials, disk space), "
            "or remove the remote to build from the package index",
        )
