"""Inception v3 (Szegedy et al. 2015, arXiv:1512.00567), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 75
LICENCE = "Apache-2.0"
FACTS = {"": Facts(21_802_784, 299, "inception_v3_weights_*_notop.h5")}

build = of_applications(lambda _: "InceptionV3", "tf")
