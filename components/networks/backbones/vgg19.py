"""VGG19 (Simonyan and Zisserman 2014, arXiv:1409.1556), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "CC-BY-4.0"
FACTS = {"": Facts(20_024_384, 224, "vgg19_weights_*_notop.h5")}

build = of_applications(lambda _: "VGG19", "caffe")
