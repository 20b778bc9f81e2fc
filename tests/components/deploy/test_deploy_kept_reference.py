import os
import subprocess
import sys
from pathlib import Path

import pytest
from deploy_support import make_model
from deploy_support import put as publish
from publish_and_die import POINTS, REFERENCE_POINTS

from components.common.artifacts.model_folder import reference_path, versions
from components.common.artifacts.records import tree_sha256
from components.deploy.kept import keep_reference
from components.deploy.versions import prune

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    return tmp_path / "models" / "solar"


def make_reference(folder: Path, *, content: str = "first") -> Path:
    (folder / "pictures").mkdir(parents=True)
    (folder / "reference.json").write_text(content)
    (folder / "pictures" / "a.png").write_bytes(b"picture")
    return folder


def put(model_dir: Path, source: Path, reference: Path) -> int:
    return publish(model_dir, source, reference=reference).number


def test_a_version_comes_with_its_reference_and_servers_see_only_the_version(
    model_dir: Path, tmp_path: Path
) -> None:
    reference = make_reference(tmp_path / "reference")
    number = put(model_dir, make_model(tmp_path / "model"), reference)
    assert tree_sha256(reference_path(model_dir, number)) == tree_sha256(reference)
    assert [version.number for version in versions(model_dir)] == [number]


def test_a_reference_that_is_there_is_never_replaced(model_dir: Path, tmp_path: Path) -> None:
    number = put(model_dir, make_model(tmp_path / "model"), make_reference(tmp_path / "first"))
    other = make_reference(tmp_path / "other", content="other")
    keep_reference(other, model_dir=model_dir, version=number)
    assert (reference_path(model_dir, number) / "reference.json").read_text() == "first"


def test_pruned_versions_take_their_references_along(model_dir: Path, tmp_path: Path) -> None:
    reference = make_reference(tmp_path / "reference")
    for content in ("a", "b", "c"):
        put(model_dir, make_model(tmp_path / content, content=content), reference)
    prune(model_dir, keep=2)
    kept = [number for number in (1, 2, 3) if reference_path(model_dir, number).exists()]
    assert kept == [2, 3]


@pytest.mark.slow
@pytest.mark.parametrize("point", [*POINTS, *REFERENCE_POINTS])
def test_killed_anywhere_the_serving_version_keeps_its_own_reference(
    model_dir: Path, tmp_path: Path, point: str
) -> None:
    first, second = (make_model(tmp_path / name, content=name) for name in ("one", "two"))
    old = make_reference(tmp_path / "old", content="old")
    new = make_reference(tmp_path / "new", content="new")
    put(model_dir, first, old)
    (model_dir / ".2.left.partial").mkdir()
    killed = subprocess.run(
        [sys.executable, HERE / "publish_and_die.py", model_dir, second, point, new],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert killed.returncode == -9

    assert (reference_path(model_dir, 1) / "reference.json").read_text() == "old"
    if len(versions(model_dir)) == 1:  # the kill came before the rename
        assert put(model_dir, second, new) == 2
    assert (reference_path(model_dir, 2) / "reference.json").read_text() == "new"
    assert not list(model_dir.rglob(".*.partial")) or point == "after the rename"
