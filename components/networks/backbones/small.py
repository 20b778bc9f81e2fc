"""Small: the first ten blocks of EfficientNet-Lite0 on a smaller picture, for students and devices.

Depthwise-separable convolutions and ReLU6 only, under half a million parameters. A variant is the
edge in pixels that the network itself works at: it takes pictures of the size that its teacher
takes and makes them smaller. Its layers have Lite0's names, so `data/weights/efficientnet_lite0.h5`
(`make data`) fits it; on few pictures that is worth far more than random weights.
"""

from typing import TYPE_CHECKING

from components.common.errors import WeightsError
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
        WeightsError: `pretrained`; Keras has no such weights.
    """
    if pretrained:
        raise WeightsError(
            "weights of EfficientNet-Lite0 as a file",
            received="'imagenet', which Keras downloads for its own networks only",
            do="run 'make data' and set train.weights=data/weights/efficientnet_lite0.h5",
        )
    from components.networks.backbones._efficientnet_lite import start_of_lite0

    return start_of_lite0(int(variant), image_size_px=image_size_px)
