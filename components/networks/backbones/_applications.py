"""What the families of Keras Applications share: raw pixels in, stable names, cut points."""

import re
from collections.abc import Callable
from typing import Any

import keras

from components.networks.backbones import _graph
from components.networks.backbones._family import Preprocessing
from components.networks.backbones._graph import PREPROCESS
from components.networks.network import Backbone, pixel_input

# Of the ImageNet training pictures: means in the order blue, green, red ("caffe" mode), means and
# deviations of red, green, blue as shares of 255 ("torch" mode).
_MEANS_BGR = (103.939, 116.779, 123.68)
_MEANS_RGB = (0.485, 0.456, 0.406)
_DEVIATIONS_RGB = (0.229, 0.224, 0.225)

# The name Keras gives to a layer without one: its class, and a number that counts all layers of
# the class in this process.
_GIVEN = re.compile(r"(?P<kind>[a-z0-9_]+?)(?:_(?P<count>\d+))?")
# Features come from the ends of as many resolutions.
_FEATURE_STAGES = 3


def application(
    constructor: Callable[..., keras.Model],
    preprocessing: Preprocessing,
    *,
    image_size_px: int,
    pretrained: bool,
) -> Backbone:
    """Return a network of Keras Applications for raw pixels [N, S, S, 3], 0 to 255.

    The embedding takes the ends of the last three resolutions: on strange pictures more than
    one depth is worth more than the last layer (measured with MobileNetV2, see its file).

    Args:
        constructor: of `keras.applications`, options bound.
        preprocessing, image_size_px, pretrained: see `of_applications` and `build`.
    """
    pixels = pixel_input(image_size_px)
    model = constructor(
        input_tensor=preprocess(pixels, preprocessing),
        # Some families have weights for several sizes and choose by this.
        input_shape=tuple(pixels.shape[1:]),
        include_top=False,
        weights="imagenet" if pretrained else None,
    )
    settle_names(model)
    return with_cuts(model, features=_graph.stage_ends(model, count=_FEATURE_STAGES))


def with_cuts(model: keras.Model, *, features: tuple[str, ...], cut: str = "") -> Backbone:
    """Return a backbone whose cut points are found in its graph.

    Args:
        model: pixels -> feature map.
        features: see `Backbone`.
        cut: the default one; "" takes the one after two thirds of the work.
    """
    points = _graph.cut_points(model)
    return Backbone(
        model=model,
        cut_points=points,
        default_cut=cut or _graph.default_cut(model, points),
        features=features,
    )


def preprocess(pixels: Any, mode: Preprocessing) -> Any:
    """Return what the family's `preprocess_input` makes of pixels, by layers that can be saved."""
    if mode == "inside":
        return keras.layers.Identity(name=PREPROCESS)(pixels)
    if mode == "tf":
        return keras.layers.Rescaling(1.0 / 127.5, offset=-1.0, name=PREPROCESS)(pixels)
    if mode == "caffe":
        offset = [-mean for mean in _MEANS_BGR]
        reversed_channels = keras.ops.flip(pixels, axis=-1)
        return keras.layers.Rescaling(1.0, offset=offset, name=PREPROCESS)(reversed_channels)
    pairs = list(zip(_MEANS_RGB, _DEVIATIONS_RGB, strict=True))
    scale = [1.0 / (255.0 * deviation) for _, deviation in pairs]
    offset = [-mean / deviation for mean, deviation in pairs]
    return keras.layers.Rescaling(scale, offset=offset, name=PREPROCESS)(pixels)


def settle_names(model: keras.Model) -> None:
    """Count the layers without a name of their own from zero, as a fresh process would.

    Keras counts over all networks of a process: the second InceptionV3 would have other names
    than the first, and neither its cut points nor a file of weights could be named.
    """
    counted: dict[str, list[tuple[int, Any]]] = {}
    for operation in model.operations:
        match = _GIVEN.fullmatch(operation.name)
        if match and match["kind"].replace("_", "") == type(operation).__name__.lower():
            counted.setdefault(match["kind"], []).append((int(match["count"] or 0), operation))
    for kind, members in counted.items():
        for number, (_, operation) in enumerate(sorted(members, key=lambda member: member[0])):
            operation.name = f"{kind}_{number}" if number else kind
