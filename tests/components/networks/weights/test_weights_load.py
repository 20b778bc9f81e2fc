import os
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from components.common.errors import WeightsError
from components.networks import network
from components.networks.weights.digests import weights_sha256
from components.networks.weights.load import load_file
from components.train.config import TrainConfig

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]


def small(first: int = 4) -> keras.Model:
    """A network with the three kinds of layers that matter."""
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(first, 3, name="conv", use_bias=False)(pixels)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.DepthwiseConv2D(3, name="depthwise")(x)
    return keras.Model(pixels, x, name="small")


def randomised(model: keras.Model, seed: int = 0) -> keras.Model:
    rng = np.random.default_rng(seed)
    model.set_weights([rng.random(w.shape).astype("float32") for w in model.get_weights()])
    return model


def nested() -> keras.Model:
    """The backbone inside a larger network, as a user saves it after fine-tuning."""
    pixels = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(randomised(small())(pixels))
    return keras.Model(pixels, keras.layers.Dense(5, name="top")(pooled))


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("suffix", [".h5", ".weights.h5", ".keras"])
@pytest.mark.parametrize("wrap", [False, True])
def test_every_keras_file_is_read_nested_or_not(tmp_path: Path, suffix: str, wrap: bool) -> None:
    path = tmp_path / f"saved{suffix}"
    model = nested() if wrap else randomised(small())
    model.save_weights(path) if suffix == ".weights.h5" else model.save(path)
    target = small()
    load_file(target, str(path))
    assert weights_sha256(target) == weights_sha256(randomised(small()))


def test_names_of_keras_2_are_understood(tmp_path: Path) -> None:
    source = randomised(small())
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        for layer in source.layers:
            for variable in layer.weights:
                old = {"depthwise": {"kernel": "depthwise_kernel"}}
                name = old.get(layer.name, {}).get(variable.name, variable.name)
                place = f"model_weights/{layer.name}/{layer.name}/{name}:0"
                file[place] = np.asarray(variable)
        file["optimizer_weights/conv/kernel:0"] = np.zeros((3, 3, 3, 4))
    target = small()
    load_file(target, str(path))
    assert weights_sha256(target) == weights_sha256(source)


def test_another_architecture_is_recognised_and_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "wide.weights.h5"
    randomised(small(first=6)).save_weights(path)
    target = small()
    before = weights_sha256(target)
    with pytest.raises(WeightsError, match=r"another architecture: .*\(3, 3, 3, 4\).*6"):
        load_file(target, str(path))
    assert weights_sha256(target) == before


def test_a_file_without_the_layers_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "dense.weights.h5"
    pixels = keras.Input((3,))
    keras.Model(pixels, keras.layers.Dense(2, name="other")(pixels)).save_weights(path)
    with pytest.raises(WeightsError, match="conv/kernel"):
        load_file(small(), str(path))


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_text_under_a_weights_name_is_recognised(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_text("these are no weights")
    with pytest.raises(WeightsError, match="damaged or foreign"):
        load_file(small(), str(path))


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_a_cut_off_file_is_recognised(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut{suffix}"
    model = randomised(small())
    model.save_weights(path) if suffix == ".weights.h5" else model.save(path)
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(WeightsError, match="damaged or foreign"):
        load_file(small(), str(path))


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    source = randomised(small())
    source.get_layer("conv").set_weights([np.full((3, 3, 3, 4), np.nan)])
    source.save_weights(tmp_path / "nan.weights.h5")
    with pytest.raises(WeightsError, match="NaN"):
        load_file(small(), str(tmp_path / "nan.weights.h5"))


def test_a_failed_download_names_the_alternatives(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **kwargs: object) -> None:
        raise Exception("URL fetch failure on https://example.org: None -- unreachable")

    monkeypatch.setattr(keras.applications, "MobileNetV2", offline)
    with pytest.raises(WeightsError, match=r"URL fetch failure.*a path to a \.h5.*'none'"):
        network.build(TrainConfig(weights="imagenet"), image_size_px=32, classes=2)
