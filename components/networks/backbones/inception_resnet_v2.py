"""Inception-ResNet v2 (Szegedy et al. 2016, arXiv:1602.07261), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("",)
MIN_SIZE_PX = 75
LICENCE = "Apache-2.0"
FACTS = {
    "": Facts(54_336_736, 299, "inception_resnet_v2_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return Inception-ResNet v2 for raw pixels [N, S, S, 3], 0 to 255."""
    del variant
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("inception_resnet_v2", keras.applications.InceptionResNetV2, "tf", MIN_SIZE_PX)
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
