"""The tiny model, served by the local server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bright_model import MODEL, write_model

from serving.server.launch import RunningServer, launch


@pytest.fixture(scope="session")
def model_version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel folder to copy from."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    write_model(folder)
    return folder


@pytest.fixture(scope="session")
def base_path(model_version: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base path that holds version 3."""
    base = tmp_path_factory.mktemp("models") / MODEL
    base.mkdir()
    model_version.rename(base / "3")
    return base


@pytest.fixture(scope="session")
def server(base_path: Path) -> Iterator[RunningServer]:
    """The local server with version 3 of the model."""
    with launch(MODEL, base_path=base_path, log_path=base_path.parent / "log") as running:
        yield running
