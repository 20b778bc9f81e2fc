"""Inception-ResNet v2 (Szegedy et al. 2016, arXiv:1602.07261), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 75
LICENCE = "Apache-2.0"
FACTS = {"": Facts(54_336_736, 299, "inception_resnet_v2_weights_*_notop.h5")}

build = of_applications(lambda _: "InceptionResNetV2", "tf")
