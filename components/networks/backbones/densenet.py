"""DenseNet (Huang et al. 2016, arXiv:1608.06993), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("121", "169", "201")
MIN_SIZE_PX = 32
LICENCE = "BSD-3-Clause"
FACTS = {
    "121": Facts(7_037_504, 224, "densenet121_weights_*_notop.h5"),
    "169": Facts(12_642_880, 224, "densenet169_weights_*_notop.h5"),
    "201": Facts(18_321_984, 224, "densenet201_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return DenseNet-`variant` for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("densenet", getattr(keras.applications, f"DenseNet{variant}"), "torch")
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
