"""The layers of EfficientNet-Lite.

EfficientNet without squeeze-and-excitation, ReLU6 for swish, stem and head of fixed size. The
numbers are those of TensorFlow's `efficientnet_lite_builder.py`.
"""

import math
from typing import Any, NamedTuple

import keras

from components.networks.backbones._applications import with_cuts
from components.networks.backbones._graph import PREPROCESS
from components.networks.network import Backbone, pixel_input

_EPSILON = 1e-3
_STEM, _HEAD = 32, 1280

# The best of six sets on the demo data, frozen, grouped: AUC 0.881 (Lite0, 224 px), 0.876 (Lite1,
# 240 px), 0.871 (Lite2, 160 px, without block 7, which adds 0.002), against 0.836, 0.838 and 0.867
# for the last layer alone.
_FEATURE_BLOCKS = {"0": (7, 8, 10, 11), "1": (7, 11, 15, 20), "2": (7, 10, 14, 19)}


# The start of Lite0 that fits half a million parameters.
_START_BLOCKS, _START_FEATURE_BLOCKS = 9, (5, 7, 8, 9)

# How a variant differs from Lite0: factors on channels and on repeated blocks.
_SCALES = {"0": (1.0, 1.0), "1": (1.0, 1.1), "2": (1.1, 1.2)}


class _Stage(NamedTuple):
    """Blocks of one kind; the first has the stride."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)
# The default cut comes after these: the recipe measured on the demo data (docs/results.md).
_FROZEN_STAGES = 4


def efficientnet_lite(variant: str, *, image_size_px: int) -> Backbone:
    """Return the backbone of a variant."""
    pixels = pixel_input(image_size_px)
    x = _conv(_blocks(_stem(pixels), variant), "head", _HEAD, kernel=1)
    model = keras.Model(pixels, x, name=f"efficientnet_lite{variant}")
    features = tuple(f"block_{number}_expand_relu" for number in _FEATURE_BLOCKS[variant])
    frozen = sum(_repeats(stage, _SCALES[variant][1]) for stage in _STAGES[:_FROZEN_STAGES])
    return with_cuts(model, features=features, cut=f"block_{frozen - 1}_add")


def start_of_lite0(edge_px: int, *, image_size_px: int) -> Backbone:
    """Return Lite0 up to the wide layer of block 9, for pictures that it first makes smaller."""
    pixels = pixel_input(image_size_px)
    # Not antialiased: LiteRT has no operator for that. Left to itself the layer says that the whole
    # network is in training, and BatchNorm after it would believe it.
    x = keras.layers.Resizing(edge_px, edge_px, name="shrink")(pixels, training=False)
    x = _blocks(_stem(x), "0", end=_START_BLOCKS)
    x = _conv(x, f"block_{_START_BLOCKS}_expand", x.shape[-1] * 6, kernel=1)
    features = tuple(f"block_{number}_expand_relu" for number in _START_FEATURE_BLOCKS)
    return with_cuts(keras.Model(pixels, x, name="small"), features=features, cut="block_4_add")


def _stem(pixels: Any) -> Any:
    # MEAN_RGB 127, STDDEV_RGB 128 in the builder.
    x = keras.layers.Rescaling(1.0 / 128.0, offset=-127.0 / 128.0, name=PREPROCESS)(pixels)
    return _conv(x, "stem", _STEM, kernel=3, stride=2)


def _blocks(x: Any, variant: str, *, end: int | None = None) -> Any:
    """Return what follows the blocks before number `end`, or all of them."""
    width, depth = _SCALES[variant]
    strides = [
        (stage, 1 if repeat else stage.stride)
        for stage in _STAGES
        for repeat in range(_repeats(stage, depth))
    ]
    for index, (stage, stride) in enumerate(strides[:end]):
        x = _block(x, f"block_{index}", stage, stride=stride, width=width)
    return x


def _block(x: Any, name: str, stage: _Stage, *, stride: int, width: float) -> Any:
    """Inverted residual: widen, depthwise, narrow; the sum where the shape allows it."""
    source, channels = x, _channels(stage.channels, width)
    if stage.expansion > 1:
        x = _conv(x, f"{name}_expand", x.shape[-1] * stage.expansion, kernel=1)
    depthwise = keras.layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )
    x = _normed(depthwise(x), f"{name}_depthwise")
    x = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    project = keras.layers.Conv2D(channels, 1, use_bias=False, name=f"{name}_project_conv")
    x = _normed(project(x), f"{name}_project")
    if stride == 1 and source.shape[-1] == channels:
        x = keras.layers.Add(name=f"{name}_add")([x, source])
    return x


def _conv(x: Any, name: str, channels: int, *, kernel: int, stride: int = 1) -> Any:
    convolution = keras.layers.Conv2D(
        channels, kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_conv"
    )
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(_normed(convolution(x), name))


def _normed(x: Any, name: str) -> Any:
    return keras.layers.BatchNormalization(epsilon=_EPSILON, momentum=0.99, name=f"{name}_bn")(x)


def _repeats(stage: _Stage, depth: float) -> int:
    """Return how many blocks; the first and the last stage are not deepened."""
    if stage in {_STAGES[0], _STAGES[-1]}:
        return stage.repeats
    return math.ceil(depth * stage.repeats)


def _channels(channels: int, width: float) -> int:
    """Return the scaled count, a multiple of eight and not below nine tenths of what is due."""
    due = channels * width
    rounded = max(8, int(due + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * due else rounded
