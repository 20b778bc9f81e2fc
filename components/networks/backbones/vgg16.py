"""VGG16 (Simonyan and Zisserman 2014, arXiv:1409.1556), Keras Applications."""

from dataclasses import replace
from typing import TYPE_CHECKING

from components.networks.backbones._family import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

MIN_SIZE_PX = 32
LICENCE = "CC-BY-4.0"
FACTS = {"": Facts(14_714_688, 224, "vgg16_weights_*_notop.h5")}
CUT_POINTS = ("block1_pool", "block2_pool", "block3_pool", "block4_pool")


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return VGG16 for raw pixels [N, S, S, 3], 0 to 255.

    The default cut leaves the last three convolutions to be tuned, the classic recipe.
    """
    del variant
    import keras

    from components.networks.backbones._applications import application

    backbone = application(
        keras.applications.VGG16, "caffe", image_size_px=image_size_px, pretrained=pretrained
    )
    return replace(
        backbone, cut_points=CUT_POINTS, default_cut="block4_pool", features=("block5_pool",)
    )
