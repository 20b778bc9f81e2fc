from typing import Any

import keras
import numpy as np
import pytest

from components.networks.fast.folding import fold_batch_norm, needless_padding
from components.networks.fast.training_copy import quickened
from components.train.loop.fine_tune import freeze_norms

pytestmark = pytest.mark.slow

AFTER = ((0, 1), (0, 1))
AROUND = ((1, 1), (1, 1))


def padded(
    size_px: int = 8, zeros: Any = AFTER, *, depthwise: bool = True, **options: Any
) -> keras.Model:
    """A convolution of stride 2 with BatchNorm, after a layer that pads."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((size_px, size_px, 4))
    x = keras.layers.ZeroPadding2D(zeros, name="pad")(pixels)
    options = {"kernel_size": 3, "strides": 2, "name": "convolution"} | options
    kind = keras.layers.DepthwiseConv2D if depthwise else keras.layers.Conv2D
    x = kind(**options if depthwise else options | {"filters": 5})(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    model = keras.Model(pixels, keras.layers.Dense(2)(x))
    freeze_norms(model)
    return model


@pytest.mark.parametrize(
    ("size_px", "zeros", "options", "needless"),
    [
        (8, AFTER, {}, True),
        (9, AROUND, {}, True),
        (8, AFTER, {"depthwise": False}, True),
        (8, ((1, 1), (0, 1)), {}, False),
        (8, AROUND, {}, False),
        (9, AFTER, {}, False),
        (8, AROUND, {"strides": 1}, True),
        (8, ((2, 2), (2, 2)), {"strides": 1, "dilation_rate": 2}, True),
        (8, AFTER, {"padding": "same"}, False),
    ],
)
def test_padding_is_needless_where_it_is_what_same_would_add(
    size_px: int, zeros: Any, options: dict[str, Any], *, needless: bool
) -> None:
    model = padded(size_px, zeros, **options)
    assert needless_padding(model) == ({"pad": "convolution"} if needless else {})
    values = np.random.default_rng(0).normal(size=(3, size_px, size_px, 4)).astype(np.float32)
    for faster in (fold_batch_norm(model), quickened(model)):
        assert isinstance(faster.get_layer("pad"), keras.layers.Identity) is needless
        np.testing.assert_allclose(
            faster.predict_on_batch(values), model.predict_on_batch(values), rtol=1e-4, atol=1e-5
        )


def test_a_convolution_that_is_left_as_it_is_keeps_its_padding() -> None:
    model = padded()
    model.get_layer("norm").trainable = True
    assert isinstance(quickened(model).get_layer("pad"), keras.layers.ZeroPadding2D)


def test_padding_that_others_read_too_stays() -> None:
    pixels = keras.Input((8, 8, 4))
    pad = keras.layers.ZeroPadding2D(AFTER, name="pad")(pixels)
    convolved = keras.layers.Conv2D(4, 3, strides=2, name="convolution")(pad)
    assert needless_padding(keras.Model(pixels, convolved)) == {"pad": "convolution"}
    assert needless_padding(keras.Model(pixels, [convolved, pad])) == {}
    pooled = keras.layers.GlobalAveragePooling2D()(pad)
    assert needless_padding(keras.Model(pixels, [convolved, pooled])) == {}


def test_without_padding_the_same_is_learnt() -> None:
    values = np.random.default_rng(0).normal(size=(8, 8, 8, 4)).astype(np.float32)
    targets = np.eye(2, dtype=np.float32)[np.arange(8) % 2]
    models = padded(depthwise=False), padded(depthwise=False)
    before = models[0].get_layer("convolution").get_weights()
    for trained in (models[0], quickened(models[1])):
        trained.compile(keras.optimizers.SGD(0.1), loss="mse")
        trained.fit(values, targets, epochs=2, shuffle=False, verbose=0)
    ours, theirs = (model.get_layer("convolution").get_weights() for model in models)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-4, atol=1e-6)
    assert not np.array_equal(ours[0], before[0])
