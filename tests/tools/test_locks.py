"""The lock files agree: the images and a plain run take the versions of requirements-dev.lock."""

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
    project = versions(REPOSITORY / "requirements-dev.lock")
    for name, found in versions(REPOSITORY / "containers" / f"{kind}.lock").items():
        if name in project:
            assert found <= project[name], name


def test_a_run_has_the_versions_that_were_tested() -> None:
    every = versions(REPOSITORY / "requirements-dev.lock")
    run = versions(REPOSITORY / "requirements.lock")
    assert {name: every.get(name) for name in run} == run
    assert needed("kfp") <= set(run)


@pytest.mark.parametrize("name", ["apache-beam", "dvc", "jax", "pytest", "fastapi"])
def test_a_run_installs_nothing_that_only_others_need(name: str) -> None:
    assert name not in versions(REPOSITORY / "requirements.lock")
    assert name in versions(REPOSITORY / "requirements-dev.lock")
