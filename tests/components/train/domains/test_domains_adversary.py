"""Gradient reversal, and what the adversary is for."""

import keras
import numpy as np
import pytest
from keras import ops

from components.networks.probe.probe import Probe
from components.train.domains.adversary import deceive, reverse, schedule

# On JAX, reading any Keras variable; Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(KERAS_NOISE)]


class _Slope(keras.Model):
    """One weight at 3, whose loss is its reversed value: a step shows the gradient."""

    def __init__(self, strength: float) -> None:
        super().__init__(name="slope")
        self.weight = self.add_weight(shape=(), initializer=keras.initializers.Constant(3.0))
        self.strength = strength
        self.built = True

    def call(self, rows: object) -> object:
        return ops.reshape(reverse(self.weight, self.strength), (1, 1))

    def compute_loss(self, x, y, y_pred, sample_weight=None, training=True):  # type: ignore[no-untyped-def]
        return ops.sum(y_pred)


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_the_gradient_comes_back_with_the_other_sign(strength: float) -> None:
    model = _Slope(strength)
    model.compile(optimizer=keras.optimizers.SGD(1.0))
    assert float(ops.convert_to_numpy(model(np.zeros((1, 1))))[0, 0]) == pytest.approx(3.0)
    model.train_on_batch(np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32))
    # A step against a gradient of -strength.
    assert float(ops.convert_to_numpy(model.weight)) == pytest.approx(3.0 + strength)


def test_the_schedule_starts_at_nothing_and_ends_at_all() -> None:
    assert schedule(0.0) == 0.0
    assert 0.99 < schedule(1.0) < 1.0


def test_sides_are_told_apart_less_well_by_their_answers() -> None:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 2
    own = np.stack([2.0 * labels - 1, rng.normal(0, 1, 80), 0 * labels], axis=1)
    # The third feature is the side's; the head to begin with hears it.
    others = np.stack([2.0 * labels - 1, rng.normal(0, 1, 80), 0 * labels + 1], axis=1)
    own, others = (side.astype(np.float32) for side in (own, others))
    kernel = np.array([[-1, 1], [0, 0], [-0.7, 0.7]], np.float32)
    start = Probe(kernel, np.zeros(2, np.float32), 1.0)

    def apart(probe: Probe) -> float:
        """Return how far the mean answers about both sides are from each other."""
        said = [float(np.diff(probe.logits(side)).mean()) for side in (own, others)]
        return abs(said[1] - said[0])

    targets = np.eye(2, dtype=np.float32)[labels]
    after = deceive(own, targets, others, start=start, weight=3.0)
    assert apart(start) > 1.0
    assert apart(after) < 0.8 * apart(start)
    assert (after.logits(own).argmax(axis=1) == labels).mean() > 0.95
