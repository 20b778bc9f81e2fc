"""Which versions of a model stand on disk, and which of them should be served."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

_NUMBER = re.compile(r"\s*[+-]?\d+\s*\Z", re.ASCII)
_INT64_MAX = 2**63 - 1


class Policy(Enum):
    """How versions are chosen (file_system_storage_path_source.proto)."""

    LATEST = "latest"
    ALL = "all"
    SPECIFIC = "specific"


@dataclass(frozen=True, kw_only=True)
class VersionPolicy:
    """`count` belongs to LATEST, `versions` to SPECIFIC."""

    policy: Policy = Policy.LATEST
    count: int = 1
    versions: tuple[int, ...] = ()


def policy_from_proto(message: Any) -> VersionPolicy:
    """Read a ServableVersionPolicy; an absent one means the newest version."""
    kind = message.WhichOneof("policy_choice")
    if kind == "all":
        return VersionPolicy(policy=Policy.ALL)
    if kind == "specific":
        return VersionPolicy(policy=Policy.SPECIFIC, versions=tuple(message.specific.versions))
    # 0 is proto3 for "not set".
    return VersionPolicy(count=message.latest.num_versions or 1)


def discover(base_path: Path) -> dict[int, Path]:
    """Return version number -> directory for every child whose name is an int64.

    `007` is 7; `2.partial`, `tmp-3`, `.4` and `v5` are no versions.

    Raises:
        OSError: the base path cannot be listed; the caller then changes nothing.
    """
    found: dict[int, Path] = {}
    with os.scandir(base_path) as entries:
        for entry in entries:
            number = _version(entry.name)
            if number is not None and entry.is_dir():
                found[number] = Path(entry.path)
    return found


def _version(name: str) -> int | None:
    if not _NUMBER.match(name):
        return None
    number = int(name)
    return number if 0 <= number <= _INT64_MAX else None


def choose(found: Mapping[int, Path], policy: VersionPolicy) -> dict[int, Path]:
    """Return the versions to serve, by the model's policy."""
    if policy.policy is Policy.ALL:
        return dict(found)
    if policy.policy is Policy.SPECIFIC:
        return {number: found[number] for number in policy.versions if number in found}
    newest = sorted(found, reverse=True)[: policy.count]
    return {number: found[number] for number in newest}
