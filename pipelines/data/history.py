"""The versions of a data set: what its `.dvc` file pinned, what was added or corrected when."""

import dataclasses
import getpass
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from components.common.errors import ConfigError, DataError, some
from components.ingest.commands import additions_of, corrections_of, root_of
from components.ingest.config import IngestConfig
from pipelines.data import pinning, tracking

_BETWEEN = "\x1f"
_LOG_FORMAT = _BETWEEN.join(("%H", "%an", "%at", "%s"))


@dataclass(frozen=True, kw_only=True)
class DataVersion:
    """A state of a data set, or what was added or corrected at once.

    revision: the hash that `ingest.data_rev` takes; "" for what no `.dvc` file has pinned.
    files: how many files the state has, or how many were added or corrected.
    """

    revision: str
    time_unix_s: float
    by: str
    note: str
    files: int


def versions(settings: IngestConfig) -> tuple[DataVersion, ...]:
    """Return the states that git knows of the `.dvc` file, and what was changed; newest first.

    Raises:
        ConfigError: the data set is an archive or a revision.
        DataError: its additions or corrections are damaged.
    """
    pin = pinning.find_pin(root_of(settings))
    found = [*_by_hand(settings), *(_pinned(pin) if pin else ())]
    return tuple(sorted(found, key=lambda one: one.time_unix_s, reverse=True))


def find_revision(text: str, settings: IngestConfig) -> IngestConfig:
    """Return settings that read one version of a data set from DVC's cache, or from its remote.

    Args:
        text: how the hash begins, at least four characters.
        settings: the data set as it is now.

    Raises:
        ConfigError: DVC does not pin the data set, or no version begins so, or several do.
    """
    root = root_of(settings)
    pin = pinning.find_pin(root)
    if pin is None:
        raise ConfigError(
            f"a folder, a manifest.csv, or a version of a data set that DVC pins, as '{text}'",
            received=f"{root}, for which there is no .dvc file",
            do="pin it ('dvc add'), or compare folders",
        )
    known = {one.revision for one in _pinned(pin)} | {_current(pin)}
    fitting = sorted(one for one in known if len(text) > 3 and one.startswith(text))
    if len(fitting) != 1:
        raise ConfigError(
            f"the beginning of one version of {root}",
            received=f"'{text}', which fits {len(fitting)} of {some(sorted(known))}",
            do="take one of those that 'graft data log' shows",
        )
    inside = Path(settings.path).resolve().relative_to(pin.folder).as_posix()
    return dataclasses.replace(
        settings,
        path="" if inside == "." else inside,
        data_rev=fitting[0],
        data_remote=tracking.holder_of(fitting[0], pin.project_root),
    )


def user_name(folder: Path) -> str:
    """Return the user's name as git has it, else the login."""
    named = _git(folder, "config", "user.name")
    try:
        return named or getpass.getuser()
    except (KeyError, OSError):
        return ""


def _by_hand(settings: IngestConfig) -> Iterator[DataVersion]:
    """Yield what was added and what was corrected, each command as one."""
    changes: dict[tuple[float, str, str, str], Counter[str]] = {}
    for one in additions_of(settings):
        key = (one.added_unix_s, one.by, "added", f" (from {one.origin})" if one.origin else "")
        changes.setdefault(key, Counter())[one.label] += 1
    for other in corrections_of(settings):
        key = (other.at_unix_s, other.by, "corrected", "")
        changes.setdefault(key, Counter())[f"{other.label} to {other.corrected}"] += 1
    for (time_unix_s, by, kind, origin), labels in changes.items():
        counts = ", ".join(f"{label} {count}" for label, count in sorted(labels.items()))
        note = f"{kind}: {counts}{origin}"
        yield DataVersion(
            revision="", time_unix_s=time_unix_s, by=by, note=note, files=labels.total()
        )


def _pinned(pin: pinning.Pin) -> tuple[DataVersion, ...]:
    """Return the states that commits pinned, the oldest first; none without git."""
    log = _git(pin.project_root, "log", "--reverse", f"--format={_LOG_FORMAT}", "--", pin.name)
    found: list[DataVersion] = []
    for line in log.splitlines():
        commit, by, seconds, subject = line.split(_BETWEEN, 3)
        record = _git(pin.project_root, "show", f"{commit}:./{pin.name}")
        try:
            out = yaml.safe_load(record)["outs"][0]
            revision, files = str(out["md5"]), int(out.get("nfiles", 1))
        except (yaml.YAMLError, KeyError, IndexError, TypeError, ValueError):
            continue  # removed, or in conflict, at that commit
        if not found or found[-1].revision != revision:
            state = DataVersion(
                revision=revision, time_unix_s=float(seconds), by=by, note=subject, files=files
            )
            found.append(state)
    return tuple(found)


def _current(pin: pinning.Pin) -> str:
    try:
        return f"{tracking.pinned_md5(pin.project_root, pin.name)}.dir"
    except DataError:
        return ""


def _git(folder: Path, *words: str) -> str:
    """Return what git says, "" without git or outside of a repository."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
