from pathlib import Path
from typing import Any

import pytest

from components.common import plugins
from components.networks.catalogue import BACKBONES, entries


@pytest.mark.parametrize("name", ["mobilenet/0.25", "mobilenet_v3/small", "vgg16/"])
@pytest.mark.slow
def test_a_file_that_keras_downloads_is_found(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def offline(fname: str, *arguments: Any, **options: Any) -> None:
        asked.append(fname)
        raise OSError("offline")

    import keras

    monkeypatch.setattr(keras.src.utils.file_utils, "get_file", offline)
    family, _, variant = name.partition("/")
    with pytest.raises(OSError, match="offline"):
        plugins.load(BACKBONES, family).build(variant, image_size_px=224, pretrained=True)
    (tmp_path / asked[0]).touch()
    found = entries(tmp_path / "none", tmp_path)
    assert [entry.name for entry in found if entry.files] == [name.rstrip("/")]


def test_a_file_with_a_name_of_its_own_is_for_the_default_variant(tmp_path: Path) -> None:
    for stem in ("efficientnet_b3_ours", "mobilenet", "resnet_v2"):
        (tmp_path / f"{stem}.weights.h5").touch()
    found = entries(tmp_path, tmp_path / "none")
    assert {entry.name for entry in found if entry.files} == {
        "efficientnet/b3",
        "mobilenet/1.0",
        "resnet_v2/50",
    }
