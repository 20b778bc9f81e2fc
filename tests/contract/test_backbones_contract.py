"""What every backbone owes; a new file under backbones/ is tested by being there."""

import functools
from pathlib import Path

import keras
import numpy as np
import pytest

from components.common import plugins
from components.common.errors import DataError
from components.train import network
from components.train.config import TrainConfig
from components.train.network import BACKBONES, EMBEDDING, INPUT, LOGITS, Network

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

NAMES = plugins.names(BACKBONES)


@functools.cache
def built(name: str) -> Network:
    keras.utils.set_random_seed(0)
    size_px = plugins.load(BACKBONES, name).MIN_SIZE_PX
    settings = TrainConfig(backbone=name, weights="none")
    whole = network.build(settings, image_size_px=size_px, classes=3)
    rng = np.random.default_rng(0)
    whole.set_head(
        rng.normal(size=whole.head.kernel.shape).astype("float32"), np.ones(3, "float32")
    )
    return whole


def pictures(name: str) -> np.ndarray:
    size_px = plugins.load(BACKBONES, name).MIN_SIZE_PX
    return np.random.default_rng(1).integers(0, 256, (2, size_px, size_px, 3)).astype("float32")


@pytest.mark.parametrize("name", NAMES)
def test_preprocessing_is_that_of_the_family(name: str) -> None:
    reference = getattr(keras.applications, name).preprocess_input(pictures(name).copy())
    inside = built(name).between((INPUT,), ("preprocess",)).predict(pictures(name), verbose=0)
    np.testing.assert_allclose(inside, reference, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_every_cut_point_divides_the_network(name: str) -> None:
    whole = built(name)
    expected = np.asarray(whole.model(pictures(name)))
    assert whole.default_cut in whole.cut_points
    for cut in whole.cut_points:
        boundary = whole.boundary(cut)
        lower = whole.between((INPUT,), boundary)(pictures(name))
        upper = whole.between(boundary, (LOGITS,))(lower)
        np.testing.assert_allclose(np.asarray(upper), expected, rtol=1e-3, atol=1e-3, err_msg=cut)


@pytest.mark.parametrize("name", NAMES)
def test_the_folded_copy_answers_the_same(name: str) -> None:
    whole = built(name)
    rng = np.random.default_rng(2)
    for layer in whole.model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shapes = [weight.shape for weight in layer.weights]
            layer.set_weights([rng.uniform(0.5, 1.5, shape) for shape in shapes])
    plain = whole.between((INPUT,), (EMBEDDING,)).predict(pictures(name), verbose=0)
    folded = whole.frozen_between((INPUT,), (EMBEDDING,))
    norms = [x for x in folded.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert not norms
    np.testing.assert_allclose(
        folded.predict(pictures(name), verbose=0), plain, atol=1e-4 * np.abs(plain).max()
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_is_saved_and_loaded_without_custom_code(name: str, tmp_path: Path) -> None:
    whole = built(name)
    whole.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(
        loaded.predict(pictures(name), verbose=0),
        whole.model.predict(pictures(name), verbose=0),
        atol=1e-4,
    )


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_below_the_minimum_is_refused(name: str) -> None:
    module = plugins.load(BACKBONES, name)
    with pytest.raises(DataError, match=f"at least {module.MIN_SIZE_PX} px"):
        module.build(module.VARIANTS[0], image_size_px=module.MIN_SIZE_PX - 1, pretrained=False)
