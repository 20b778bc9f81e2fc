from typing import Any

import keras
import numpy as np
import pytest

from components.networks.fast.products import (
    convolve_depthwise,
    convolve_pointwise,
    is_pointwise,
    is_quick_in_bfloat16,
    is_small_depthwise,
)

pytestmark = pytest.mark.slow


class Pointwise(keras.layers.Layer):
    """Another layer's convolution, by `convolve_pointwise`."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def call(self, values: Any) -> Any:
        return convolve_pointwise(self.layer, values, self.layer.kernel)


def stepped(*, by_products: bool) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return answers before, and weights after, one plain gradient step through two layers."""
    keras.utils.set_random_seed(0)
    first, second = (keras.layers.Conv2D(filters, 1, use_bias=False) for filters in (5, 3))
    pixels = keras.Input((4, 6, 2))
    for layer, channels in ((first, 2), (second, 5)):
        layer.build((None, 4, 6, channels))
    x = pixels
    for layer in (first, second):
        x = Pointwise(layer)(x) if by_products else layer(x)
        x = keras.layers.ReLU()(x)
    model = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x))
    rng = np.random.default_rng(0)
    values = rng.normal(size=(7, 4, 6, 2)).astype(np.float32)
    targets = rng.normal(size=(7, 3)).astype(np.float32)
    model.compile(keras.optimizers.SGD(1.0), loss="mse")
    answers = model.predict_on_batch(values)
    model.train_on_batch(values, targets)
    return answers, model.get_weights()


def test_answers_and_gradients_are_those_of_the_convolution() -> None:
    answers, weights = stepped(by_products=True)
    same_answers, same_weights = stepped(by_products=False)
    np.testing.assert_array_equal(answers, same_answers)
    assert len(weights) == 2
    for ours, theirs in zip(weights, same_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"kernel_size": 1}, True),
        ({"kernel_size": 1, "strides": 2}, False),
        ({"kernel_size": 3}, False),
        ({"kernel_size": (1, 3)}, False),
        ({"kernel_size": 1, "groups": 2}, False),
    ],
)
def test_only_a_plain_1x1_convolution_is_a_product(
    options: dict[str, Any], *, expected: bool
) -> None:
    assert is_pointwise(keras.layers.Conv2D(4, **options)) is expected


class Depthwise(keras.layers.Layer):
    """Another layer's convolution, by `convolve_depthwise`."""

    def __init__(self, layer: Any, products_in: str) -> None:
        super().__init__()
        self.layer, self._products_in = layer, products_in

    def call(self, values: Any) -> Any:
        stride = self.layer.strides[0]
        return convolve_depthwise(
            values, self.layer.kernel, stride=stride, products_in=self._products_in
        )


def depthwise_stepped(
    sides: tuple[int, int], *, stride: int, products_in: str
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return answers before, and weights after, a step through two layers; "" is the plain one."""
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.DepthwiseConv2D(size, strides=step, padding="same", use_bias=False)
        for size, step in (((3, 5), 1), (5, stride))
    ]
    x = pixels = keras.Input((*sides, 2))
    for layer in layers:
        layer.build((None, *sides, 2))
        x = Depthwise(layer, products_in)(x) if products_in else layer(x)
    model = keras.Model(pixels, keras.layers.GlobalMaxPooling2D()(x))
    rng = np.random.default_rng(0)
    values = rng.normal(size=(7, *sides, 2)).astype(np.float32)
    targets = rng.normal(size=(7, 2)).astype(np.float32)
    model.compile(keras.optimizers.SGD(1.0), loss="mse")
    answers = model.predict_on_batch(values)
    model.train_on_batch(values, targets)
    return answers, model.get_weights()


@pytest.mark.parametrize(("products_in", "gap"), [("float32", 1e-5), ("bfloat16", 0.03)])
@pytest.mark.parametrize(("sides", "stride"), [((4, 6), 1), ((10, 6), 2), ((5, 7), 2), ((5, 8), 2)])
def test_a_depthwise_convolution_has_its_own_answers_and_gradients(
    sides: tuple[int, int], stride: int, products_in: str, gap: float
) -> None:
    answers, weights = depthwise_stepped(sides, stride=stride, products_in=products_in)
    same_answers, same_weights = depthwise_stepped(sides, stride=stride, products_in="")
    np.testing.assert_array_equal(answers, same_answers)
    assert len(weights) == 2
    for ours, theirs in zip(weights, same_weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=gap, atol=gap)


@pytest.mark.parametrize(
    ("options", "side", "products_in", "expected"),
    [
        ({}, 5, "float32", True),
        ({}, 10, "float32", False),
        ({}, 10, "bfloat16", True),
        ({}, 11, "bfloat16", False),
        ({}, None, "bfloat16", False),
        ({"strides": 2}, 6, "float32", True),
        ({"strides": 2}, 14, "bfloat16", True),
        ({"strides": 2}, 15, "bfloat16", False),
        ({"strides": 3}, 5, "float32", False),
        ({"kernel_size": 3}, 5, "float32", False),
        ({"kernel_size": 4}, 5, "float32", False),
        ({"dilation_rate": 2}, 5, "float32", False),
        ({"depth_multiplier": 2}, 5, "float32", False),
    ],
)
def test_only_a_plain_depthwise_convolution_of_a_small_map_is_products(
    options: dict[str, Any], side: int | None, products_in: str, *, expected: bool
) -> None:
    layer = keras.layers.DepthwiseConv2D(**{"kernel_size": 5} | options)
    assert is_small_depthwise(layer, (None, side, side, 4), products_in=products_in) is expected


@pytest.mark.parametrize(
    ("options", "side", "same", "expected"),
    [
        ({}, 10, True, True),
        ({}, 10, False, False),
        ({}, 11, True, False),
        ({"kernel_size": 3}, 99, False, True),
        ({"kernel_size": 3, "strides": 2}, 10, True, False),
        ({"kernel_size": 3, "dilation_rate": 2}, 10, True, False),
    ],
)
def test_which_gradients_are_quick_in_bfloat16(
    options: dict[str, Any], side: int, *, same: bool, expected: bool
) -> None:
    layer = keras.layers.DepthwiseConv2D(**{"kernel_size": 5} | options)
    assert is_quick_in_bfloat16(layer, (None, side, side, 4), same=same) is expected
