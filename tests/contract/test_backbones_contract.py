"""What every backbone owes; a new file under backbones/ is tested by being there."""

import functools
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from components.common import plugins
from components.common.errors import DataError
from components.networks import network
from components.networks.config import BACKBONES, EMBEDDING, INPUT, LOGITS, NetworkConfig
from components.networks.network import Network

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

# KerasHub's presets need an optional package, and are tested beside their file.
NAMES = tuple(name for name in plugins.names(BACKBONES) if name != "keras_hub")
OF_KERAS = tuple(name for name in NAMES if hasattr(keras.applications, name))


def smallest(name: str) -> str:
    facts = plugins.load(BACKBONES, name).FACTS
    return min(facts, key=lambda variant: facts[variant].parameters)


@functools.cache
def built(name: str) -> Network:
    keras.utils.set_random_seed(0)
    size_px = plugins.load(BACKBONES, name).MIN_SIZE_PX
    settings = NetworkConfig(backbone=f"{name}/{smallest(name)}".rstrip("/"), weights="none")
    whole = network.build(settings, image_size_px=size_px, classes=3)
    rng = np.random.default_rng(0)
    for norm in filter(is_norm, whole.model.layers):
        norm.set_weights([rng.uniform(0.5, 1.5, weight.shape) for weight in norm.weights])
    whole.set_head(
        rng.normal(size=whole.head.kernel.shape).astype("float32"), np.ones(3, "float32")
    )
    return whole


def pictures(name: str) -> np.ndarray:
    size_px = plugins.load(BACKBONES, name).MIN_SIZE_PX
    return np.random.default_rng(1).integers(0, 256, (2, size_px, size_px, 3)).astype("float32")


@functools.cache
def answer_of(name: str) -> np.ndarray:
    """The whole network's answers, with the weights that `built` gives it."""
    return answer(built(name).model, name)


def answer(model: keras.Model, name: str) -> np.ndarray:
    """Without compiling a graph, which would take most of the time."""
    return np.asarray(model(pictures(name), training=False))


@pytest.mark.parametrize("name", OF_KERAS)
def test_preprocessing_is_that_of_the_family(name: str) -> None:
    reference = getattr(keras.applications, name).preprocess_input(pictures(name).copy())
    inside = answer(built(name).between((INPUT,), ("preprocess",)), name)
    np.testing.assert_allclose(inside, reference, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_cut_points_divide_the_network(name: str) -> None:
    whole, expected = built(name), answer_of(name)
    assert whole.default_cut in whole.cut_points
    for cut in dict.fromkeys((whole.cut_points[0], whole.default_cut, whole.cut_points[-1])):
        boundary = whole.boundary(cut)
        lower = whole.between((INPUT,), boundary)(pictures(name))
        upper = whole.between(boundary, (LOGITS,))(lower)
        np.testing.assert_allclose(np.asarray(upper), expected, rtol=1e-3, atol=1e-3, err_msg=cut)


@pytest.mark.parametrize("name", NAMES)
def test_no_cut_point_is_passed_by(name: str) -> None:
    """Keras refuses a part that needs more than the boundary; nothing is computed."""
    whole = built(name)
    for cut in whole.cut_points:
        assert whole.between(whole.boundary(cut), (LOGITS,)).operations


@pytest.mark.parametrize("name", NAMES)
def test_the_folded_copy_answers_the_same(name: str) -> None:
    whole = built(name)
    plain = answer(whole.between((INPUT,), (EMBEDDING,)), name)
    folded = whole.frozen_between((INPUT,), (EMBEDDING,))
    assert [x.name for x in folded.layers if is_norm(x) and is_foldable(x, folded)] == []
    np.testing.assert_allclose(answer(folded, name), plain, atol=1e-4 * np.abs(plain).max())


def is_norm(layer: Any) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)


def is_foldable(norm: Any, model: keras.Model) -> bool:
    """True behind a linear convolution that nothing else reads."""
    source = norm.input._keras_history.operation
    inside = {id(operation) for operation in model.operations}
    readers = [node.operation for node in source._outbound_nodes if id(node.operation) in inside]
    convolutions = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    linear = type(source) in convolutions and source.activation is keras.activations.linear
    return linear and len(readers) == 1


@pytest.mark.parametrize("name", NAMES)
def test_it_is_saved_and_loaded_without_custom_code(name: str, tmp_path: Path) -> None:
    whole = built(name)
    whole.model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(answer(loaded, name), answer_of(name), atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_below_the_minimum_is_refused(name: str) -> None:
    least = plugins.load(BACKBONES, name).MIN_SIZE_PX
    settings = NetworkConfig(backbone=name, weights="none")
    with pytest.raises(DataError, match=f"at least {least} px"):
        network.build(settings, image_size_px=least - 1, classes=2)


@pytest.mark.parametrize("name", NAMES)
def test_a_second_network_has_the_known_size_and_the_same_names(name: str) -> None:
    module = plugins.load(BACKBONES, name)
    size_px = module.MIN_SIZE_PX
    again = module.build(smallest(name), image_size_px=size_px, pretrained=False)
    assert again.model.count_params() == module.FACTS[smallest(name)].parameters
    present = set(built(name).cut_points)
    assert built(name).cut_points == tuple(x for x in again.cut_points if x in present)
    kept = {operation.name for operation in built(name).model.operations}
    assert {operation.name for operation in again.model.operations} - kept == beyond(again, name)


def beyond(backbone: Any, name: str) -> set[str]:
    """Return the names of what comes after the last feature and is left out of the network."""
    order = [operation.name for operation in backbone.model.operations]
    return set(order[max(order.index(feature) for feature in backbone.features) + 1 :])
