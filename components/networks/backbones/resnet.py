"""ResNet (He et al. 2015, arXiv:1512.03385), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "MIT"
FACTS = {
    "50": Facts(23_587_712, 224, "resnet50_weights_*_notop.h5"),
    "101": Facts(42_658_176, 224, "resnet101_weights_*_notop.h5"),
    "152": Facts(58_370_944, 224, "resnet152_weights_*_notop.h5"),
}

build = of_applications(lambda variant: f"ResNet{variant}", "caffe")
