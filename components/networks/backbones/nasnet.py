"""NASNet-A (Zoph et al. 2017, arXiv:1707.07012), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("mobile", "large")
MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "mobile": Facts(4_269_716, 224, "nasnet_mobile_no_top.h5"),
    "large": Facts(84_916_818, 331, "nasnet_large_no_top.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return NASNet-A for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("nasnet", getattr(keras.applications, f"NASNet{variant.capitalize()}"), "tf")
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
