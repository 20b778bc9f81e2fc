import keras
import numpy as np
import pytest

from components.train.data import Split
from components.train.tuning import TuningInputs, TuningOptions, freeze_norms, tune

pytestmark = pytest.mark.slow


def split(labels: np.ndarray) -> Split:
    count = len(labels)
    return Split(
        pixels=np.zeros((count, 1, 1, 1), dtype=np.uint8),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(count, np.float32),
        groups=np.arange(count).astype(str),
        paths=(),
        content_sha256="",
    )


@pytest.fixture
def inputs() -> TuningInputs:
    rng = np.random.default_rng(0)
    labels = np.arange(64) % 2
    values = (labels[:, None] * 2.0 - 1.0 + rng.normal(0, 1, (64, 4))).astype(np.float32)
    train, validation = slice(0, 48), slice(48, 64)
    return TuningInputs(
        split(labels[train]), (values[train],), split(labels[validation]), (values[validation],)
    )


@pytest.fixture
def tail() -> keras.Model:
    keras.utils.set_random_seed(0)
    start = keras.Input((4,))
    x = keras.layers.BatchNormalization(name="norm")(keras.layers.Dense(4, name="dense")(start))
    return keras.Model(start, keras.layers.Dense(2, name="logits")(x))


OPTIONS = TuningOptions(epochs=4, batch=16, learning_rate=1e-2)


def test_loss_falls_and_epochs_follow_the_probe(tail: keras.Model, inputs: TuningInputs) -> None:
    tuned = tune(tail, inputs, OPTIONS, seed=0)
    assert tuned.diverged == ""
    assert [row.epoch for row in tuned.curves] == [2, 3, 4, 5]
    assert tuned.curves[-1].train_loss < tuned.curves[0].train_loss


def test_norms_left_trainable_would_move(tail: keras.Model, inputs: TuningInputs) -> None:
    # The contract test says they do not when frozen; this one says it could tell.
    norm = tail.get_layer("norm")
    before = [np.array(weight) for weight in norm.get_weights()]
    tune(tail, inputs, OPTIONS, seed=0)
    assert not np.array_equal(norm.get_weights()[2], before[2])
    freeze_norms(tail)
    before = [np.array(weight) for weight in norm.get_weights()]
    tune(tail, inputs, OPTIONS, seed=0)
    for after, old in zip(norm.get_weights(), before, strict=True):
        np.testing.assert_array_equal(after, old)


def test_the_best_epoch_is_kept(tail: keras.Model, inputs: TuningInputs) -> None:
    freeze_norms(tail)
    options = TuningOptions(epochs=4, batch=16, learning_rate=0.5, keep="best")
    tuned = tune(tail, inputs, options, seed=0)
    kept = tail.evaluate(inputs.validation_inputs[0], inputs.validation.targets, verbose=0)[0]
    assert kept == pytest.approx(min(row.validation_loss for row in tuned.curves), abs=1e-5)


def test_a_loss_that_is_not_finite_stops_the_training(
    tail: keras.Model, inputs: TuningInputs
) -> None:
    tail.get_layer("dense").set_weights([np.full((4, 4), np.nan), np.zeros(4)])
    tuned = tune(tail, inputs, OPTIONS, seed=0)
    assert "not finite in epoch 1" in tuned.diverged
    assert len(tuned.curves) == 1
