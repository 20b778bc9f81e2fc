"""Inception v3 (Szegedy et al. 2015, arXiv:1512.00567), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("",)
MIN_SIZE_PX = 75
LICENCE = "Apache-2.0"
FACTS = {
    "": Facts(21_802_784, 299, "inception_v3_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return Inception v3 for raw pixels [N, S, S, 3], 0 to 255."""
    del variant
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("inception_v3", keras.applications.InceptionV3, "tf", MIN_SIZE_PX)
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
