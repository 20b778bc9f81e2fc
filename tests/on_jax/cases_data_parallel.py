"""Four devices share every step and come to what one comes to. Run with four virtual devices."""

import dataclasses
from collections.abc import Iterator

import jax
import keras
import numpy as np
import pytest
from tiny_tail import tiny_inputs, tiny_tail

from components.common.errors import ConfigError
from components.networks.accelerator import running_on
from components.networks.features.answers import answers
from components.train.config import TrainConfig
from components.train.loop.fine_tune import freeze_norms, tune
from components.train.options import TuningOptions

KERAS_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = pytest.mark.filterwarnings(KERAS_NOISE)

# Neither 48 rows nor steps of 18 are what four devices divide.
OPTIONS = TuningOptions(epochs=4, batch=18, learning_rate=1e-2, mixup=0.2)


def curves_on(devices: int) -> list[tuple[float, float]]:
    with running_on(TrainConfig(devices=devices)):
        tail = tiny_tail()
        freeze_norms(tail)
        tuned = tune(tail, tiny_inputs(), OPTIONS, seed=0)
        kernel = tail.get_layer("dense").kernel.value
        assert len(kernel.sharding.device_set) == devices
    return [(row.train_loss, row.validation_loss) for row in tuned.curves]


def test_four_devices_have_the_curves_of_one() -> None:
    assert len(jax.devices()) == 4
    np.testing.assert_allclose(curves_on(4), curves_on(1), atol=1e-4)


@pytest.fixture
def four() -> Iterator[None]:
    with running_on(TrainConfig(devices=0)):
        yield


def test_each_device_has_its_part_of_a_step(four: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[int]] = []
    real = keras.distribution.DataParallel.get_data_layout

    def noted(self: keras.distribution.DataParallel, shape: tuple[int, ...]) -> object:
        layout = real(self, shape)
        seen.append({shape[0] % 4, layout.axes == ("batch", None)})
        return layout

    monkeypatch.setattr(keras.distribution.DataParallel, "get_data_layout", noted)
    tail = tiny_tail()
    freeze_norms(tail)
    tune(tail, tiny_inputs(), dataclasses.replace(OPTIONS, epochs=1), seed=0)
    assert seen
    assert all(entry == {0, True} for entry in seen)


def test_a_batch_of_any_size_is_answered(four: None) -> None:
    tail = tiny_tail()
    rows = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    (shared,) = answers(tail, [rows])
    assert shared.shape == (7, 2)
    np.testing.assert_allclose(shared, np.asarray(tail(rows)), atol=1e-6)


def test_more_devices_than_there_are_is_refused() -> None:
    with (
        pytest.raises(ConfigError, match=r"5 devices.*received 4"),
        running_on(TrainConfig(devices=5)),
    ):
        pass
    assert keras.distribution.distribution() is None


def test_a_gpu_that_is_not_there_is_refused() -> None:
    with (
        pytest.raises(ConfigError, match=r"a GPU.*received none"),
        running_on(TrainConfig(accelerator="gpu")),
    ):
        pass
