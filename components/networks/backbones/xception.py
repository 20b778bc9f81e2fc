"""Xception (Chollet 2016, arXiv:1610.02357), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("",)
MIN_SIZE_PX = 71
LICENCE = "MIT"
FACTS = {
    "": Facts(20_861_480, 299, "xception_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return Xception for raw pixels [N, S, S, 3], 0 to 255."""
    del variant
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("xception", keras.applications.Xception, "tf", MIN_SIZE_PX)
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
