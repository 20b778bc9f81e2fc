from typing import Any

import keras
import numpy as np
import pytest

from components.train.loop.optimizer import LayerwiseAdamW, Treatment, treatments_of

pytestmark = pytest.mark.slow

START = np.asarray([1.0, -2.0], np.float32)
GRADIENTS = [np.asarray(g, np.float32) for g in ([0.3, -0.1], [0.2, 0.4], [-0.5, 0.1])]


def steps(optimizer: keras.optimizers.Optimizer) -> list[np.ndarray]:
    """The weights after each of three steps from START."""
    variable = keras.Variable(START)
    optimizer.build([variable])
    weights = []
    for gradient in GRADIENTS:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)])
        weights.append(np.array(variable.numpy()))
    return weights


def layerwise(treatment: Treatment, *, rate: float = 0.1) -> LayerwiseAdamW:
    return LayerwiseAdamW(rate, treatments=[treatment], clip_norm=1e9)


def test_without_peculiarities_it_is_keras_adamw() -> None:
    theirs = steps(keras.optimizers.AdamW(0.1, weight_decay=0.01, global_clipnorm=1e9))
    ours = steps(layerwise(Treatment(decay=0.01)))
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_a_factor_on_the_rate_is_another_rate() -> None:
    slow = steps(layerwise(Treatment(rate=0.25, decay=0.01)))
    np.testing.assert_allclose(slow, steps(layerwise(Treatment(decay=0.01), rate=0.025)), rtol=1e-6)


@pytest.mark.parametrize("anchored", [True, False])
def test_the_penalty_has_the_gradient_of_half_the_squared_distance(anchored: bool) -> None:
    anchor = START if anchored else np.zeros_like(START)
    variable = keras.Variable(START)
    plain = keras.optimizers.Adam(0.1)
    plain.build([variable])
    expected = []
    for gradient in GRADIENTS:
        penalty: Any = 0.7 * (np.array(variable.numpy()) - anchor)
        plain.apply([keras.ops.convert_to_tensor(gradient + penalty)])
        expected.append(np.array(variable.numpy()))
    ours = steps(layerwise(Treatment(penalty=0.7, anchored=anchored)))
    np.testing.assert_allclose(ours, expected, rtol=1e-5)


def test_each_variable_has_the_treatment_of_its_layer() -> None:
    start = keras.Input((3,))
    hidden = keras.layers.Dense(2, name="low")(start)
    tail = keras.Model(start, keras.layers.Dense(2, name="high", use_bias=False)(hidden))
    treated = treatments_of(tail, lambda name: Treatment(rate=0.5 if name == "low" else 1.0))
    assert [treatment.rate for treatment in treated] == [0.5, 0.5, 1.0]
