"""The embedding: which layers it is made of, and how they are pooled over the picture."""

import keras
import numpy as np
import pytest

from components.common.errors import ConfigError
from components.networks.config import EMBEDDING, INPUT, Pooling
from components.networks.network import Backbone, assemble, output_of

pytestmark = pytest.mark.slow

FEATURES = ("early", "late")


def tiny_backbone() -> Backbone:
    keras.utils.set_random_seed(1)
    pixels = keras.Input((6, 6, 3), name=INPUT)
    early = keras.layers.Conv2D(4, 3, name="early")(pixels)
    late = keras.layers.Conv2D(5, 2, name="late")(keras.layers.ReLU(name="middle")(early))
    return Backbone(keras.Model(pixels, late), ("early", "middle"), "middle", FEATURES)


def random_pixels() -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (3, 6, 6, 3)).astype(np.float32)


def every_place(values: np.ndarray, axis: object) -> np.ndarray:
    return np.asarray(values).reshape(len(values), -1)


POOLINGS = {"mean": np.mean, "max": np.max, "flatten": every_place}


@pytest.mark.parametrize(("pooling", "reduce"), POOLINGS.items())
def test_the_embedding_is_every_feature_pooled_as_asked(pooling: Pooling, reduce) -> None:
    backbone = tiny_backbone()
    network = assemble(backbone, classes=2, pooling=pooling)
    maps = keras.Model(backbone.model.inputs[0], [output_of(backbone.model, f) for f in FEATURES])
    expected = np.concatenate([reduce(m, axis=(1, 2)) for m in maps(random_pixels())], axis=1)
    found = network.between((INPUT,), (EMBEDDING,))(random_pixels())
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_what_lies_before_a_cut_crosses_it_pooled(pooling: Pooling) -> None:
    network = assemble(tiny_backbone(), classes=2, pooling=pooling)
    starts = network.boundary("middle")
    assert starts == ("middle", f"{pooling}_early")
    assert [network.pooled_layer(pool) for pool in network.pools] == list(FEATURES)
    whole = network.between((INPUT,), (EMBEDDING,))(random_pixels())
    crossing = network.between((INPUT,), starts)(random_pixels())
    np.testing.assert_allclose(network.between(starts, (EMBEDDING,))(crossing), whole, rtol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
def test_tokens_are_pooled_too(pooling: Pooling) -> None:
    tokens = keras.Input((7, 4), name=INPUT)
    last = keras.layers.Dense(3, name="tokens")(tokens)
    backbone = Backbone(keras.Model(tokens, last), (), "", ("tokens",))
    network = assemble(backbone, classes=2, pooling=pooling)
    given = np.random.default_rng(0).normal(size=(2, 7, 4)).astype(np.float32)
    found = network.between((INPUT,), (EMBEDDING,))(given)
    expected = POOLINGS[pooling](backbone.model(given), axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_an_unknown_feature_layer_is_answered_with_names_like_it() -> None:
    with pytest.raises(ConfigError, match="received 'lat'; take one of late"):
        assemble(tiny_backbone(), classes=2, features=("lat",))


def test_where_no_name_is_like_it_the_deepest_are_named() -> None:
    with pytest.raises(ConfigError, match="take one of early, middle, late"):
        assemble(tiny_backbone(), classes=2, features=("qqqq",))
