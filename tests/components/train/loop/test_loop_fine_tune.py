import dataclasses
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_tail import tiny_inputs, tiny_tail

from components.train.loop import checkpoints, program
from components.train.loop import fine_tune as tuning
from components.train.loop.checkpoints import Checkpoint
from components.train.loop.fine_tune import Course, freeze_norms, tune
from components.train.loop.inputs import TuningInputs
from components.train.loop.optimizer import Treatment
from components.train.options import TuningOptions

pytestmark = pytest.mark.slow


@pytest.fixture
def inputs() -> TuningInputs:
    return tiny_inputs()


@pytest.fixture
def tail() -> keras.Model:
    return tiny_tail()


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
    kept = inputs.validation_score(tail).loss
    assert kept == pytest.approx(min(row.validation_loss for row in tuned.curves), abs=1e-5)


def test_another_training_of_a_tail_compiles_nothing_and_begins_afresh(
    tail: keras.Model, inputs: TuningInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    freeze_norms(tail)
    start = tail.get_weights()
    anchored = Course(treat=lambda _: Treatment(penalty=0.1, anchored=True))
    tune(tail, inputs, OPTIONS, seed=0, course=anchored)
    once = tail.get_weights()
    compiled = []
    monkeypatch.setattr(program, "quickened", lambda *_, **__: compiled.append(1))
    # With other weights, rate and length in between, which must leave no trace.
    other = dataclasses.replace(OPTIONS, learning_rate=1e-3, epochs=2)
    tune(tail, inputs, other, seed=1, course=anchored)
    tail.set_weights(start)
    tune(tail, inputs, OPTIONS, seed=0, course=anchored)
    assert not compiled
    for again, first in zip(tail.get_weights(), once, strict=True):
        np.testing.assert_allclose(again, first, atol=1e-6)


@pytest.mark.parametrize("by_batch", [False, True])
def test_a_smaller_last_batch_is_filled_up_unless_it_is_normalised_by(
    tail: keras.Model, inputs: TuningInputs, by_batch: bool
) -> None:
    import tensorflow as tf

    if not by_batch:
        freeze_norms(tail)
    traced = []

    def loss(targets: Any, logits: Any) -> Any:
        if tf.is_tensor(logits):  # Keras asks for its shape as well
            traced.append(logits.shape[0])
        return keras.ops.categorical_crossentropy(targets, logits, from_logits=True)

    options = dataclasses.replace(OPTIONS, batch=inputs.train.pictures - 1)
    tune(tail, inputs, options, seed=0, course=Course(loss=loss))
    assert traced == ([options.batch, None] if by_batch else [options.batch])


def test_a_loss_that_is_not_finite_stops_the_training(
    tail: keras.Model, inputs: TuningInputs
) -> None:
    tail.get_layer("dense").set_weights([np.full((4, 4), np.nan), np.zeros(4)])
    tuned = tune(tail, inputs, OPTIONS, seed=0)
    assert "not finite in epoch 1" in tuned.diverged
    assert len(tuned.curves) == 1


def test_training_stops_when_validation_no_longer_gets_better(
    tail: keras.Model, inputs: TuningInputs
) -> None:
    freeze_norms(tail)
    # At so high a rate the loss soon climbs.
    options = TuningOptions(epochs=30, batch=16, learning_rate=0.5, keep="best", patience=2)
    losses = [row.validation_loss for row in tune(tail, inputs, options, seed=0).curves]
    assert 3 <= len(losses) < 30
    assert min(losses[-2:]) >= min(losses[:-2])


EVERYTHING = TuningOptions(epochs=4, batch=16, learning_rate=1e-2, mixup=0.2)


@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_killed_training_goes_on_and_ends_like_one_that_was_not(
    inputs: TuningInputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: Any
) -> None:
    options = dataclasses.replace(EVERYTHING, keep=keep)
    whole = tiny_tail(dropout=0.3)
    uninterrupted = tune(whole, inputs, options, seed=0)

    course = Course(checkpoint=Checkpoint(tmp_path / "standing.npz"))
    real, calls = tuning.train_epoch, []

    def dies_in_the_third(*arguments: Any, **settings: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments, **settings)

    monkeypatch.setattr(tuning, "train_epoch", dies_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        tune(tiny_tail(dropout=0.3), inputs, options, seed=0, course=course)
    resumed = tiny_tail(dropout=0.3)
    tuned = tune(resumed, inputs, options, seed=0, course=course)
    assert len(calls) == 5  # two epochs, the fatal one, the last two

    assert len(tuned.curves) == 4
    for row, other in zip(tuned.curves, uninterrupted.curves, strict=True):
        assert row.epoch == other.epoch
        assert row.train_loss == pytest.approx(other.train_loss, abs=1e-6)
        assert row.validation_loss == pytest.approx(other.validation_loss, abs=1e-6)
    for weights, other_weights in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(weights, other_weights, atol=1e-6)


def test_a_damaged_standing_costs_the_epochs_and_nothing_else(
    tail: keras.Model, inputs: TuningInputs, tmp_path: Path
) -> None:
    path = tmp_path / "standing.npz"
    course = Course(checkpoint=Checkpoint(path))
    tune(tail, inputs, OPTIONS, seed=0, course=course)
    path.write_bytes(path.read_bytes()[:-100])
    fresh = tiny_tail()
    assert len(tune(fresh, inputs, OPTIONS, seed=0, course=course).curves) == 4
    for weights, other in zip(fresh.get_weights(), tail.get_weights(), strict=True):
        np.testing.assert_allclose(weights, other, atol=1e-6)


def test_other_code_starts_again_and_says_so(
    tail: keras.Model,
    inputs: TuningInputs,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    course = Course(checkpoint=Checkpoint(tmp_path / "standing.npz"))
    tune(tail, inputs, OPTIONS, seed=0, course=course)
    steps, real = [], tuning.train_epoch

    def counted(*arguments: Any, **settings: Any) -> Any:
        steps.append(1)
        return real(*arguments, **settings)

    monkeypatch.setattr(tuning, "train_epoch", counted)
    tune(tiny_tail(), inputs, OPTIONS, seed=0, course=course)
    assert len(steps) == 0  # all epochs were there
    monkeypatch.setattr(checkpoints, "code_sha256", lambda: "of another day")
    tune(tiny_tail(), inputs, OPTIONS, seed=0, course=course)
    assert len(steps) == 4
    assert "the code has changed since standing.npz was written: starting again" in caplog.text


def test_a_standing_of_another_network_is_left_aside(
    tail: keras.Model, inputs: TuningInputs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    course = Course(checkpoint=Checkpoint(tmp_path / "standing.npz"))
    start = keras.Input((4,))
    other = keras.Model(start, keras.layers.Dense(2, name="logits")(start))
    tune(other, inputs, OPTIONS, seed=0, course=course)
    assert len(tune(tail, inputs, OPTIONS, seed=0, course=course).curves) == 4
    assert "of another version: starting again" in caplog.text


def test_out_of_memory_halves_the_batch_and_says_so(
    inputs: TuningInputs, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = keras.Model.train_on_batch

    def fits_eight_pictures(model: keras.Model, rows: Any, *arguments: Any, **settings: Any) -> Any:
        if len(rows) > 8:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes")
        return real(model, rows, *arguments, **settings)

    monkeypatch.setattr(keras.Model, "train_on_batch", fits_eight_pictures)
    small = tiny_tail()
    tuned = tune(small, inputs, dataclasses.replace(OPTIONS, batch=32), seed=0)
    assert tuned.notes == ("out of memory at 32 pictures a step, trained with 8",)
    assert "out of memory at 32 pictures a step, halved to 16" in caplog.text
    # The same as if eight had been asked for: nothing is left of the attempts that failed.
    asked = tiny_tail()
    tune(asked, inputs, dataclasses.replace(OPTIONS, batch=8), seed=0)
    for weights, other in zip(small.get_weights(), asked.get_weights(), strict=True):
        np.testing.assert_allclose(weights, other, atol=1e-6)
