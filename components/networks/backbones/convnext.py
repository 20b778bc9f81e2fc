"""ConvNeXt (Liu et al. 2022, arXiv:2201.03545), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "MIT"
FACTS = {
    "tiny": Facts(27_820_128, 224, "convnext_tiny_notop.h5"),
    "small": Facts(49_454_688, 224, "convnext_small_notop.h5"),
    "base": Facts(87_566_464, 224, "convnext_base_notop.h5"),
    "large": Facts(196_230_336, 224, "convnext_large_notop.h5"),
    "xlarge": Facts(348_147_968, 224, "convnext_xlarge_notop.h5"),
}

_NAMES = {name: name.capitalize() for name in FACTS} | {"xlarge": "XLarge"}

build = of_applications(lambda variant: f"ConvNeXt{_NAMES[variant]}", "inside")
