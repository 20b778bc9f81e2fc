"""An epoch as one program does what Keras' `fit` does, repeats itself, and goes on after a kill."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
import pytest
from tiny_tail import split, tiny_inputs, tiny_tail

from components.common.errors import DataError
from components.networks.rows import FlippedPixels
from components.train.loop import fine_tune as tuning
from components.train.loop import jax_epoch
from components.train.loop.checkpoints import Checkpoint
from components.train.loop.fine_tune import Course, Tuned, freeze_norms, tune
from components.train.loop.inputs import TuningInputs
from components.train.loop.jax_epoch import keep_compiled
from components.train.methods.from_scratch import Options
from components.train.options import TuningOptions

# Keras and NumPy 2 disagree about a keyword.
KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = pytest.mark.filterwarnings(KERAS_NOISE)

# 48 rows in steps of 20: the last step is not full.
OPTIONS = TuningOptions(epochs=4, batch=20, learning_rate=1e-2, mixup=0.2)


def frozen_tail(*, dropout: float = 0.0) -> keras.Model:
    tail = tiny_tail(dropout=dropout)
    freeze_norms(tail)
    return tail


def by_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "compiled_epoch", lambda *_, **__: None)


def assert_same(ours: Tuned, other: Tuned, *, abs_: float) -> None:
    assert len(ours.curves) == len(other.curves)
    for row, twin in zip(ours.curves, other.curves, strict=True):
        for name in ("train_loss", "validation_loss", "train_accuracy", "validation_accuracy"):
            assert getattr(row, name) == pytest.approx(getattr(twin, name), abs=abs_), name


def test_keras_runs_on_jax() -> None:
    assert keras.backend.backend() == "jax"


def test_it_takes_the_steps_that_fit_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.linspace(0.5, 1.5, 48).astype(np.float32)
    inputs = tiny_inputs()
    inputs = dataclasses.replace(inputs, train=dataclasses.replace(inputs.train, weights=weights))
    tails = frozen_tail(), frozen_tail()
    ours = tune(tails[0], inputs, OPTIONS, seed=0)
    by_fit(monkeypatch)
    assert_same(ours, tune(tails[1], inputs, OPTIONS, seed=0), abs_=1e-5)
    for weight, other in zip(*(tail.get_weights() for tail in tails), strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-5)


def test_batch_norm_that_learns_learns_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    options = dataclasses.replace(OPTIONS, batch=16)
    tails = tiny_tail(), tiny_tail()
    tune(tails[0], tiny_inputs(), options, seed=0)
    by_fit(monkeypatch)
    tune(tails[1], tiny_inputs(), options, seed=0)
    # Adam makes much of rounding in the bias before BatchNorm, on which nothing depends.
    for weight, other in zip(*(tail.get_weights() for tail in tails), strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-3)


def pixel_inputs() -> TuningInputs:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 8, 8, 1)).astype(np.uint8)
    pictures = dataclasses.replace(split(np.arange(32) % 2), pixels=pixels)
    rows = (FlippedPixels(pixels),)
    return TuningInputs(pictures, rows, pictures, rows)


def pixel_tail() -> keras.Model:
    keras.utils.set_random_seed(0)
    start = keras.Input((8, 8, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 255, name="preprocess")(start)
    x = keras.layers.Conv2D(4, 3, name="conv")(x)
    x = keras.layers.BatchNormalization(name="norm", trainable=False)(x)
    x = keras.layers.GlobalAveragePooling2D(name="mean")(keras.layers.ReLU(name="relu")(x))
    return keras.Model(start, keras.layers.Dense(2, name="logits")(x))


def test_grey_pixels_are_stored_as_they_are_and_seen_in_three_channels(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put: list[Any] = []
    real = jax.device_put
    monkeypatch.setattr(jax, "device_put", lambda x, *more: (put.append(x), real(x, *more))[1])
    ours = tune(pixel_tail(), pixel_inputs(), OPTIONS, seed=0)
    assert any(getattr(x, "dtype", None) == np.uint8 and x.shape == (32, 8, 8, 1) for x in put)
    by_fit(monkeypatch)
    assert_same(ours, tune(pixel_tail(), pixel_inputs(), OPTIONS, seed=0), abs_=1e-5)


def test_cutmix_pastes_the_same_rectangles(monkeypatch: pytest.MonkeyPatch) -> None:
    options = Options(epochs=3, batch=20, learning_rate=1e-2, cutmix=1.0)
    ours = tune(pixel_tail(), pixel_inputs(), options, seed=0)
    without = tune(pixel_tail(), pixel_inputs(), dataclasses.replace(options, cutmix=0.0), seed=0)
    assert ours.curves != without.curves
    by_fit(monkeypatch)
    assert_same(ours, tune(pixel_tail(), pixel_inputs(), options, seed=0), abs_=1e-5)


def test_two_runs_with_one_seed_agree() -> None:
    tails = frozen_tail(dropout=0.3), frozen_tail(dropout=0.3)
    curves = [tune(tail, tiny_inputs(), OPTIONS, seed=0).curves for tail in tails]
    assert curves[0] == curves[1]
    for weight, other in zip(*(tail.get_weights() for tail in tails), strict=True):
        np.testing.assert_array_equal(weight, other)


@pytest.mark.parametrize("keep", ["best"])
def test_a_killed_training_goes_on_and_ends_like_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: Any
) -> None:
    options = dataclasses.replace(OPTIONS, keep=keep)
    whole = frozen_tail(dropout=0.3)
    uninterrupted = tune(whole, tiny_inputs(), options, seed=0)

    course = Course(checkpoint=Checkpoint(tmp_path / "standing.npz"))
    real, calls = jax_epoch._EpochProgram.__call__, []

    def dies_in_the_third(program: Any, epoch: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(program, epoch)

    monkeypatch.setattr(jax_epoch._EpochProgram, "__call__", dies_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        tune(frozen_tail(dropout=0.3), tiny_inputs(), options, seed=0, course=course)
    resumed = frozen_tail(dropout=0.3)
    tuned = tune(resumed, tiny_inputs(), options, seed=0, course=course)
    assert len(calls) == 5  # two epochs, the fatal one, the last two
    assert_same(tuned, uninterrupted, abs_=1e-6)
    for weight, other in zip(resumed.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-6)


def test_out_of_memory_halves_the_batch_though_the_state_was_given_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = jax_epoch._EpochProgram.__call__

    def small_card(program: Any, epoch: Any) -> Any:
        score = real(program, epoch)
        if program._batch > 10:
            raise RuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
        return score

    monkeypatch.setattr(jax_epoch._EpochProgram, "__call__", small_card)
    halved, asked = frozen_tail(), frozen_tail()
    tuned = tune(halved, tiny_inputs(), OPTIONS, seed=0)
    assert tuned.notes == ("out of memory at 20 pictures a step, trained with 10",)
    tune(asked, tiny_inputs(), dataclasses.replace(OPTIONS, batch=10), seed=0)
    for weight, other in zip(halved.get_weights(), asked.get_weights(), strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-6)


def test_what_does_not_fit_the_device_is_trained_step_by_step(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ours = tune(frozen_tail(), tiny_inputs(), OPTIONS, seed=0)
    monkeypatch.setattr(jax_epoch, "_room_bytes", lambda: 100.0)
    assert_same(tune(frozen_tail(), tiny_inputs(), OPTIONS, seed=0), ours, abs_=1e-5)
    assert "do not fit" in caplog.text


def test_several_processes_do_not_train_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax_epoch, "_room_bytes", lambda: 100.0)
    monkeypatch.setattr(jax, "process_count", lambda: 2)
    with pytest.raises(DataError, match=r"every node's device.*received"):
        tune(frozen_tail(), tiny_inputs(), OPTIONS, seed=0)


@pytest.fixture
def compiled(tmp_path: Path) -> Iterator[Path]:
    before = jax.config.jax_persistent_cache_min_compile_time_secs
    keep_compiled(tmp_path / "compiled")
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    yield tmp_path / "compiled"
    jax.config.update("jax_compilation_cache_dir", None)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", before)


def test_compiled_programs_are_kept_for_the_next_run(compiled: Path) -> None:
    tune(frozen_tail(), tiny_inputs(), OPTIONS, seed=0)
    files = {path.name for path in compiled.glob("jit_run-*-cache")}
    assert files
    tune(frozen_tail(), tiny_inputs(), OPTIONS, seed=0)
    assert {path.name for path in compiled.glob("jit_run-*-cache")} == files
