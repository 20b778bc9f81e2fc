"""ResNet with pre-activation (He et al. 2016, arXiv:1603.05027), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "BSD-3-Clause"
FACTS = {
    "50": Facts(23_564_800, 224, "resnet50v2_weights_*_notop.h5"),
    "101": Facts(42_626_560, 224, "resnet101v2_weights_*_notop.h5"),
    "152": Facts(58_331_648, 224, "resnet152v2_weights_*_notop.h5"),
}

build = of_applications(lambda variant: f"ResNet{variant}V2", "tf")
