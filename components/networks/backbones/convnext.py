"""ConvNeXt (Liu et al. 2022, arXiv:2201.03545), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("tiny", "small", "base", "large", "xlarge")
MIN_SIZE_PX = 32
LICENCE = "MIT"
FACTS = {
    "tiny": Facts(27_820_128, 224, "convnext_tiny_notop.h5"),
    "small": Facts(49_454_688, 224, "convnext_small_notop.h5"),
    "base": Facts(87_566_464, 224, "convnext_base_notop.h5"),
    "large": Facts(196_230_336, 224, "convnext_large_notop.h5"),
    "xlarge": Facts(348_147_968, 224, "convnext_xlarge_notop.h5"),
}

_NAMES = {name: name.capitalize() for name in VARIANTS} | {"xlarge": "XLarge"}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return ConvNeXt for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("convnext", getattr(keras.applications, f"ConvNeXt{_NAMES[variant]}"), "inside")
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
