"""What a version was exported from stays beside it."""

import logging
from pathlib import Path

import pytest
from deploy_support import make_model, put

from components.common.artifacts.model_folder import candidate_path, versions
from components.deploy.kept import keep_candidate
from components.deploy.versions import clean, prune


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    folder = tmp_path / "candidate"
    folder.mkdir()
    (folder / "candidate.json").write_text("{}")
    (folder / "model.keras").write_bytes(b"weights")
    return folder


def test_it_is_kept_once_and_goes_with_its_version(tmp_path: Path, candidate: Path) -> None:
    model_dir = tmp_path / "models" / "solar"
    for content in ("a", "b", "c"):
        version = put(model_dir, make_model(tmp_path / content, content=content)).number
        keep_candidate(candidate, model_dir=model_dir, version=version)
    (candidate / "model.keras").write_bytes(b"others")
    keep_candidate(candidate, model_dir=model_dir, version=3)
    assert (candidate_path(model_dir, 3) / "model.keras").read_bytes() == b"weights"
    assert [version.number for version in versions(model_dir)] == [1, 2, 3]
    prune(model_dir, keep=2)
    assert [n for n in (1, 2, 3) if candidate_path(model_dir, n).exists()] == [2, 3]


def test_a_version_serves_without_it(
    tmp_path: Path, candidate: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model_dir = tmp_path / "models" / "solar"
    put(model_dir, make_model(tmp_path / "a"))
    (model_dir / "candidates").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        keep_candidate(candidate, model_dir=model_dir, version=1)
    assert "version 1 is not kept" in caplog.text
    clean(model_dir)
    assert not list(model_dir.rglob(".*.partial"))
