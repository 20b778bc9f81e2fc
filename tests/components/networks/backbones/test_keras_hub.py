"""KerasHub presets: a tiny ViT in a folder where the package is installed, else a clear error."""

import importlib.util
from pathlib import Path

import keras
import numpy as np
import pytest

from components.common.errors import ConfigError, DataError
from components.networks import network
from components.networks.config import EMBEDDING, INPUT, LOGITS
from components.train.config import TrainConfig

SIZE_PX = 32
INSTALLED = importlib.util.find_spec("keras_hub") is not None
needs_hub = pytest.mark.skipif(not INSTALLED, reason="needs the extra 'hub'")
# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]


@pytest.mark.skipif(INSTALLED, reason="KerasHub is installed")
def test_without_the_package_the_extra_is_named() -> None:
    with pytest.raises(ConfigError, match=r"pip install 'graft-vision\[hub\]'"):
        network.build(settings("vit_base_patch16_224_imagenet"), image_size_px=224, classes=2)


def settings(preset: object, weights: str = "imagenet") -> TrainConfig:
    return TrainConfig(backbone=f"keras_hub/{preset}", weights=weights)


def pictures() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (2, SIZE_PX, SIZE_PX, 3)).astype("float32")


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras_hub

    folder = tmp_path_factory.mktemp("preset") / "tiny_vit"
    vit = keras_hub.models.ViTBackbone(
        image_shape=(SIZE_PX, SIZE_PX, 3),
        patch_size=8,
        num_layers=2,
        num_heads=2,
        hidden_dim=16,
        mlp_dim=32,
    )
    vit.save_to_preset(str(folder))
    converter = keras_hub.layers.ViTImageConverter(
        image_size=(SIZE_PX, SIZE_PX), scale=1 / 127.5, offset=-1.0
    )
    converter.save_to_preset(str(folder))
    return folder


@needs_hub
def test_the_embedding_is_the_mean_over_the_presets_tokens(preset: Path) -> None:
    import keras_hub

    whole = network.build(settings(preset), image_size_px=SIZE_PX, classes=3)
    vit = keras_hub.models.Backbone.from_preset(str(preset))
    tokens = np.asarray(vit(pictures() / 127.5 - 1.0, training=False))
    found = np.asarray(whole.between((INPUT,), (EMBEDDING,))(pictures(), training=False))
    np.testing.assert_allclose(found, tokens.mean(axis=1), atol=1e-5)


@needs_hub
def test_it_is_cut_folded_saved_and_loaded(preset: Path, tmp_path: Path) -> None:
    whole = network.build(settings(preset, "none"), image_size_px=SIZE_PX, classes=3)
    whole.set_head(np.ones((16, 3), "float32"), np.ones(3, "float32"))
    expected = np.asarray(whole.model(pictures(), training=False))
    boundary = whole.boundary(whole.default_cut)
    lower = whole.frozen_between((INPUT,), boundary)(pictures())
    upper = whole.frozen_between(boundary, (LOGITS,))(lower)
    np.testing.assert_allclose(np.asarray(upper), expected, atol=1e-5)
    whole.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(np.asarray(loaded(pictures())), expected, atol=1e-5)


@needs_hub
def test_pictures_that_do_not_fit_the_patches_are_refused(preset: Path) -> None:
    with pytest.raises(DataError, match="image_size_px=32"):
        network.build(settings(preset, "none"), image_size_px=SIZE_PX + 3, classes=2)


@needs_hub
def test_no_preset_is_a_clear_error() -> None:
    with pytest.raises(ConfigError, match="keras_hub/PRESET"):
        network.build(TrainConfig(backbone="keras_hub"), image_size_px=SIZE_PX, classes=2)
