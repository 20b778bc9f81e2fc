from pathlib import Path

from components.networks.config import NetworkConfig
from components.networks.weights.digests import content_sha256, source_sha256


def test_the_source_pins_the_files_bytes(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    path.write_bytes(b"1")
    first = source_sha256(str(path))
    path.write_bytes(b"2")
    assert source_sha256(str(path)) != first
    assert source_sha256("none") == "none"


def test_a_preset_in_a_folder_counts_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    settings = NetworkConfig(backbone=f"keras_hub/{tmp_path}")
    first = content_sha256(settings, "imagenet")
    (tmp_path / "config.json").write_text("{ }")
    assert content_sha256(settings, "imagenet") != first


def test_a_preset_that_is_fetched_counts_by_its_weights_alone() -> None:
    settings = NetworkConfig(backbone="keras_hub/vit_base_patch16_224_imagenet")
    assert content_sha256(settings, "imagenet") == "imagenet"
    assert content_sha256(NetworkConfig(backbone="vgg16"), "none") == "none"
