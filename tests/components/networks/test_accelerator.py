import os
from pathlib import Path

import keras
import pytest

from components.common.errors import ConfigError
from components.networks.accelerator import gpus, prepare, running_on
from components.train.config import TrainConfig

pytestmark = pytest.mark.slow

ON_CPU = pytest.mark.skipif(bool(gpus()), reason="there is a GPU here")
ON_TENSORFLOW = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="Keras runs on another back end"
)


def enter(settings: TrainConfig) -> tuple[str, ...]:
    with running_on(settings) as notes:
        return notes


@ON_CPU
def test_auto_and_cpu_need_no_gpu() -> None:
    assert enter(TrainConfig()) == ()
    assert enter(TrainConfig(accelerator="cpu")) == ()


@ON_CPU
def test_a_gpu_that_is_not_there_is_refused_in_clear_words() -> None:
    with pytest.raises(ConfigError, match=r"expected a GPU.*received none.*train\.without_gpu"):
        enter(TrainConfig(accelerator="gpu"))


@ON_CPU
def test_or_the_report_says_that_there_was_none(caplog: pytest.LogCaptureFixture) -> None:
    (note,) = enter(TrainConfig(accelerator="gpu", without_gpu="warn"))
    assert "trained on the processor" in note
    assert note in caplog.text


@ON_TENSORFLOW
def test_another_back_end_than_asked_for_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Keras on jax.*KERAS_BACKEND=jax|no package jax"):
        enter(TrainConfig(backend="jax"))


@ON_TENSORFLOW
def test_only_jax_shares_a_step() -> None:
    with pytest.raises(ConfigError, match=r"JAX, for steps shared by 2.*train\.backend=jax"):
        enter(TrainConfig(devices=2))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "KERAS_BACKEND",
        "TF_FORCE_GPU_ALLOW_GROWTH",
        "CUDA_VISIBLE_DEVICES",
        "JAX_PLATFORMS",
    ):
        # Set first, so that what `prepare` sets is taken back.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("environment")
def test_what_frameworks_read_at_their_start_is_set_before() -> None:
    prepare(TrainConfig())
    assert "KERAS_BACKEND" not in os.environ
    assert "CUDA_VISIBLE_DEVICES" not in os.environ
    assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    prepare(TrainConfig(backend="tensorflow", accelerator="cpu"))
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"
    assert os.environ["JAX_PLATFORMS"] == "cpu"


def test_the_guide_names_every_setting() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "how-to" / "gpu.md").read_text()
    for name in ("accelerator", "without_gpu", "backend", "devices", "precision", "keep_compiled"):
        assert f"`train.{name}`" in guide
