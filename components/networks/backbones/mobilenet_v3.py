"""MobileNetV3 (Howard et al. 2019, arXiv:1905.02244), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("large", "small")
MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "large": Facts(2_996_352, 224, "weights_mobilenet_v3_large_224_1.0_float_no_top*.h5"),
    "small": Facts(939_120, 224, "weights_mobilenet_v3_small_224_1.0_float_no_top*.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return MobileNetV3 for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe(
        "mobilenet_v3", getattr(keras.applications, f"MobileNetV3{variant.capitalize()}"), "inside"
    )
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
