"""What the images install: enough for every command, at the versions of requirements.lock."""

import re
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]


def versions(lock: Path) -> dict[str, set[str]]:
    """Return each package's versions: several where they differ by platform."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock.read_text(), re.M):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def needed(package: str) -> set[str]:
    """Return what a package needs on Linux, itself included, without extras, all the way down."""
    environment = {**default_environment(), "python_version": "3.13", "extra": ""}
    found: set[str] = set()
    left = [package]
    while left:
        name = canonicalize_name(left.pop())
        if name in found:
            continue
        found.add(name)
        wanted = [Requirement(text) for text in requires(name) or ()]
        left += [r.name for r in wanted if r.marker is None or r.marker.evaluate(environment)]
    return found


@pytest.mark.parametrize("kind", ["cpu", "gpu"])
def test_the_monitor_and_the_cronjob_find_all_of_kfp(kind: str) -> None:
    """A step needs kfp alone; a pod that runs a whole pipeline imports all that kfp imports."""
    installed = versions(REPOSITORY / "containers" / f"{kind}.lock")
    assert needed("kfp") | needed("kfp-kubernetes") <= set(installed)


@pytest.mark.parametrize("kind", ["cpu", "gpu"])
def test_versions_are_those_of_the_project(kind: str) -> None:
    project = versions(REPOSITORY / "requirements.lock")
    for name, found in versions(REPOSITORY / "containers" / f"{kind}.lock").items():
        if name in project:
            assert found <= project[name], name
