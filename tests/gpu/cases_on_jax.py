"""A small method trained on a GPU by JAX. Run by test_on_gpu.py."""

import dataclasses
from pathlib import Path
from typing import get_args

import jax
import keras
import numpy as np
import pytest
from tiny_shards import write_tiny_shards
from tiny_tail import tiny_inputs, tiny_tail

from components.common.artifacts.candidate import Candidate
from components.networks.accelerator import gpus, prepare, running_on
from components.networks.config import Precision
from components.train.config import TrainConfig
from components.train.fit import train
from components.train.loop.fine_tune import freeze_norms, tune
from components.train.options import TuningOptions

KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = pytest.mark.filterwarnings(KERAS_NOISE)

PLATFORM = "gpu"
SETTINGS = TrainConfig(
    backbone="mobilenet_v2/0.35",
    weights="none",
    options={"epochs": 3},
    backend="jax",
    accelerator=PLATFORM,
)


def test_a_gpu_is_taken_when_asked_for() -> None:
    prepare(SETTINGS)
    assert gpus()
    with running_on(SETTINGS) as notes:
        assert notes == ()


def test_weights_and_steps_are_on_the_gpu() -> None:
    with running_on(SETTINGS):
        tail = tiny_tail()
        freeze_norms(tail)
        tune(tail, tiny_inputs(), TuningOptions(epochs=2, learning_rate=1e-2), seed=0)
    (device,) = tail.get_layer("dense").kernel.value.devices()
    assert device.platform == PLATFORM == jax.devices()[0].platform


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_shards(tmp_path_factory.mktemp("shards"))


def trained(shards: Path, out: Path, precision: Precision) -> Candidate:
    settings = dataclasses.replace(SETTINGS, precision=precision)
    train(shards, out=out, settings=settings, cache_dir="")
    return Candidate.read(out)


def test_bfloat16_ends_where_float32_does(shards: Path, tmp_path: Path) -> None:
    ends = [trained(shards, tmp_path / name, name) for name in get_args(Precision)]
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 32, 32, 3)).astype(np.float32)
    exact, rounded = (
        keras.models.load_model(end.model_path, compile=False).predict(pictures, verbose=0)
        for end in ends
    )
    assert not np.array_equal(exact, rounded)
    np.testing.assert_allclose(rounded, exact, atol=0.05 * np.abs(exact).max())
