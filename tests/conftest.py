"""What holds for every test."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from tiny_shards import write_tiny_shards

if "MUTANT_UNDER_TEST" in os.environ:  # under `make mutants`
    from hypothesis import Phase, settings

    # That a change is noticed is enough. A smaller example of it costs time alone.
    settings.register_profile("mutants", phases=[Phase.generate], derandomize=True, database=None)
    settings.load_profile("mutants")


def pytest_configure() -> None:
    """Let the children of tests be interrupted.

    A script that starts the tests in the background hands them an ignored SIGINT, and a child
    inherits what is ignored, so a test that interrupts a run would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


SLOW_MODULE = re.compile(r"^pytestmark = \[?\s*pytest\.mark\.slow\b", re.MULTILINE)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave slow files unread where no slow test is wanted: most of them import TensorFlow."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return SLOW_MODULE.search(collection_path.read_text()) is not None or None


# With two workers, whatever runs for minutes must not start last.
LONGEST_FIRST = (
    "pipelines/local/test_monitoring_run.py",
    "contract/test_methods_contract.py",
    "pipelines/simulate/",
    "pipelines/local/",
    "on_jax/",
    "components/reference/",
    "components/train/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; `--no-loadscope-reorder` keeps that order."""

    def place(item: pytest.Item) -> int:
        path = item.path.as_posix()
        found = (n for n, part in enumerate(LONGEST_FIRST) if f"tests/{part}" in path)
        return next(found, len(LONGEST_FIRST))

    items.sort(key=place)


# They query and watch one published model, which takes minutes to make.
TOGETHER = (
    "tests/pipelines/local/test_local_run.py",
    "tests/pipelines/local/test_monitoring_run.py",
)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker whole files, and files that share a model to the same worker."""
    from xdist.scheduler import LoadFileScheduling

    class ByModel(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::", 1)[0]
            return TOGETHER[0] if file in TOGETHER else file

    return ByModel(config, log) if config.option.dist == "loadfile" else None


@pytest.fixture
def tiny_shards(tmp_path: Path) -> Path:
    return write_tiny_shards(tmp_path / "shards")
