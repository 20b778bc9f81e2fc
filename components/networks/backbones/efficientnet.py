"""EfficientNet (Tan and Le 2019, arXiv:1905.11946), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

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

build = of_applications(lambda variant: f"EfficientNet{variant.upper()}", "inside")
