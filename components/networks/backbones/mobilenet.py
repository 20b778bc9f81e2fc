"""MobileNet (Howard et al. 2017, arXiv:1704.04861), Keras Applications."""

from functools import partial
from typing import TYPE_CHECKING

from components.networks.backbones._family import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "1.0": Facts(3_228_864, 224, "mobilenet_1_0_*_tf_no_top.h5"),
    "0.25": Facts(218_544, 224, "mobilenet_2_5_*_tf_no_top.h5"),
    "0.5": Facts(829_536, 224, "mobilenet_5_0_*_tf_no_top.h5"),
    "0.75": Facts(1_832_976, 224, "mobilenet_7_5_*_tf_no_top.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return MobileNet of width `variant` for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import application

    constructor = partial(keras.applications.MobileNet, alpha=float(variant))
    return application(constructor, "tf", image_size_px=image_size_px, pretrained=pretrained)
