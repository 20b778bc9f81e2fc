"""NASNet-A (Zoph et al. 2017, arXiv:1707.07012), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "mobile": Facts(4_269_716, 224, "nasnet_mobile_no_top.h5"),
    "large": Facts(84_916_818, 331, "nasnet_large_no_top.h5"),
}

build = of_applications(lambda variant: f"NASNet{variant.capitalize()}", "tf")
