"""EfficientNetV2 (Tan and Le 2021, arXiv:2104.00298), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("b0", "b1", "b2", "b3", "s", "m", "l")
MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "b0": Facts(5_919_312, 224, "efficientnetv2-b0_notop.h5"),
    "b1": Facts(6_931_124, 240, "efficientnetv2-b1_notop.h5"),
    "b2": Facts(8_769_374, 260, "efficientnetv2-b2_notop.h5"),
    "b3": Facts(12_930_622, 300, "efficientnetv2-b3_notop.h5"),
    "s": Facts(20_331_360, 384, "efficientnetv2-s_notop.h5"),
    "m": Facts(53_150_388, 480, "efficientnetv2-m_notop.h5"),
    "l": Facts(117_746_848, 480, "efficientnetv2-l_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return EfficientNetV2-`variant` for raw pixels [N, S, S, 3], 0 to 255."""
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe(
        "efficientnet_v2", getattr(keras.applications, f"EfficientNetV2{variant.upper()}"), "inside"
    )
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
