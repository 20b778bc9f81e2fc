"""Consoles in folders of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_client import ConsoleClient, open_console
from console_models import write_models
from local_servers import free_port

from pipelines.ui.settings import UiSettings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user stands, and the user's own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def settings(home: Path) -> UiSettings:
    """No server answers."""
    nobody = f"http://127.0.0.1:{free_port()}"
    return UiSettings(gateway=nobody, server=nobody)


@pytest.fixture
def console(settings: UiSettings) -> Iterator[ConsoleClient]:
    """In an empty folder: nothing has been made yet."""
    with open_console(settings) as client:
        yield client


@pytest.fixture
def stocked(settings: UiSettings, home: Path) -> Iterator[ConsoleClient]:
    """With published models."""
    write_models(home)
    with open_console(settings) as client:
        yield client
