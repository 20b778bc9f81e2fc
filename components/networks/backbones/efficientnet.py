"""EfficientNet (Tan and Le 2019, arXiv:1905.11946), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7")
MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "b0": Facts(4_049_571, 224, "efficientnetb0_notop.h5"),
    "b1": Facts(6_575_239, 240, "efficientnetb1_notop.h5"),
    "b2": Facts(7_768_569, 260, "efficientnetb2_notop.h5"),
    "b3": Facts(10_783_535, 300, "efficientnetb3_notop.h5"),
    "b4": Facts(17_673_823, 380, "efficientnetb4_notop.h5"),
    "b5": Facts(28_513_527, 456, "efficientnetb5_notop.h5"),
    "b6": Facts(40_960_143, 528, "efficientnetb6_notop.h5"),
    "b7": Facts(64_097_687, 600, "efficientnetb7_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return EfficientNet-`variant` for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe(
        "efficientnet", getattr(keras.applications, f"EfficientNet{variant.upper()}"), "inside"
    )
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
