"""Xception (Chollet 2016, arXiv:1610.02357), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 71
LICENCE = "MIT"
FACTS = {"": Facts(20_861_480, 299, "xception_weights_*_notop.h5")}

build = of_applications(lambda _: "Xception", "tf")
