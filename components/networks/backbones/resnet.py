"""ResNet (He et al. 2015, arXiv:1512.03385), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("50", "101", "152")
MIN_SIZE_PX = 32
LICENCE = "MIT"
FACTS = {
    "50": Facts(23_587_712, 224, "resnet50_weights_*_notop.h5"),
    "101": Facts(42_658_176, 224, "resnet101_weights_*_notop.h5"),
    "152": Facts(58_370_944, 224, "resnet152_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return ResNet-`variant` for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("resnet", getattr(keras.applications, f"ResNet{variant}"), "caffe")
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
