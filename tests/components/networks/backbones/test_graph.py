from typing import Any

import keras
import pytest

from components.networks.backbones._graph import PREPROCESS, cut_points, default_cut, stage_ends

pytestmark = pytest.mark.slow


def conv(x: Any, name: str, *, channels: int = 4, strides: int = 1) -> Any:
    layer = keras.layers.Conv2D(
        channels, 3, strides=strides, padding="same", activation="relu", name=name
    )
    return layer(x)


def start() -> Any:
    pixels = keras.Input((16, 16, 3))
    return pixels, keras.layers.Rescaling(1 / 255, name=PREPROCESS)(pixels)


def test_what_a_shortcut_passes_by_is_no_cut_point() -> None:
    pixels, x = start()
    first = conv(x, "first")
    inner = conv(conv(first, "inner"), "inner_2")
    joined = keras.layers.Add(name="joined")([first, inner])
    model = keras.Model(pixels, conv(joined, "last"))
    assert cut_points(model) == ("first", "joined")


def test_sums_without_a_layer_count_as_well() -> None:
    pixels, x = start()
    first = conv(x, "first")
    model = keras.Model(pixels, conv(first + conv(first, "inner"), "last"))
    _, joined = cut_points(model)
    assert joined.startswith("add")


def test_a_convolution_is_not_cut_from_its_norm_and_activation() -> None:
    pixels, x = start()
    raw = keras.layers.Conv2D(4, 3, padding="same", name="raw")(x)
    norm = keras.layers.BatchNormalization(name="norm")(raw)
    active = keras.layers.ReLU(name="active")(norm)
    model = keras.Model(pixels, conv(active, "last"))
    assert cut_points(model) == ("active",)


def test_the_smaller_of_two_neighbours_is_taken() -> None:
    pixels, x = start()
    wide = conv(x, "wide", channels=16)
    narrow = conv(wide, "narrow", channels=2)
    model = keras.Model(pixels, conv(narrow, "last"))
    assert cut_points(model) == ("narrow",)


def test_two_thirds_of_the_work_stay_frozen() -> None:
    pixels, x = start()
    x = conv(x, "head", channels=3)
    for number in range(6):
        x = conv(x, f"conv_{number}", channels=3)
    model = keras.Model(pixels, x)
    points = cut_points(model)
    assert points == ("head", *(f"conv_{number}" for number in range(5)))
    # Seven equal convolutions: five of them are the nearest to two thirds.
    assert default_cut(model, points) == "conv_4" or default_cut(model, points) == "conv_3"


def test_stages_end_where_the_resolution_changes() -> None:
    pixels, x = start()
    for number, strides in enumerate((1, 1, 2, 1, 2, 2, 1)):
        x = conv(x, f"conv_{number}", strides=strides)
    model = keras.Model(pixels, x)
    assert stage_ends(model, count=3) == ("conv_3", "conv_4", "conv_6")
