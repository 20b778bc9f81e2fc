"""What holds for every test."""

import signal
from pathlib import Path

import pytest
from tiny_shards import write_tiny_shards


def pytest_configure() -> None:
    """Let the children of tests be interrupted.

    A script that starts the tests in the background hands them an ignored SIGINT, and a child
    inherits what is ignored, so a test that interrupts a run would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def tiny_shards(tmp_path: Path) -> Path:
    return write_tiny_shards(tmp_path / "shards")
