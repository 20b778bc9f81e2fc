"""EfficientNetV2 (Tan and Le 2021, arXiv:2104.00298), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

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

build = of_applications(lambda variant: f"EfficientNetV2{variant.upper()}", "inside")
