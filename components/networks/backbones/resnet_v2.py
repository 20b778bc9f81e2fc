"""ResNet with pre-activation (He et al. 2016, arXiv:1603.05027), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("50", "101", "152")
MIN_SIZE_PX = 32
LICENCE = "BSD-3-Clause"
FACTS = {
    "50": Facts(23_564_800, 224, "resnet50v2_weights_*_notop.h5"),
    "101": Facts(42_626_560, 224, "resnet101v2_weights_*_notop.h5"),
    "152": Facts(58_331_648, 224, "resnet152v2_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return ResNet-`variant`V2 for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("resnet_v2", getattr(keras.applications, f"ResNet{variant}V2"), "tf")
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
