from typing import Any

import keras
import numpy as np
import pytest

from components.networks.fast.training_copy import convolve_pointwise, is_pointwise

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
