"""DenseNet (Huang et al. 2016, arXiv:1608.06993), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "BSD-3-Clause"
FACTS = {
    "121": Facts(7_037_504, 224, "densenet121_weights_*_notop.h5"),
    "169": Facts(12_642_880, 224, "densenet169_weights_*_notop.h5"),
    "201": Facts(18_321_984, 224, "densenet201_weights_*_notop.h5"),
}

build = of_applications(lambda variant: f"DenseNet{variant}", "torch")
