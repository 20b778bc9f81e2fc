"""MobileNetV3 (Howard et al. 2019, arXiv:1905.02244), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "large": Facts(2_996_352, 224, "weights_mobilenet_v3_large_224_1.0_float_no_top*.h5"),
    "small": Facts(939_120, 224, "weights_mobilenet_v3_small_224_1.0_float_no_top*.h5"),
}

build = of_applications(lambda variant: f"MobileNetV3{variant.capitalize()}", "inside")
