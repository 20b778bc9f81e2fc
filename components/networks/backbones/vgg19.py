"""VGG19 (Simonyan and Zisserman 2014, arXiv:1409.1556), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("",)
MIN_SIZE_PX = 32
LICENCE = "CC-BY-4.0"
FACTS = {
    "": Facts(20_024_384, 224, "vgg19_weights_*_notop.h5"),
}


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return VGG19 for raw pixels [N, S, S, 3], 0 to 255."""
    del variant
    import keras

    from components.networks.backbones._applications import Recipe, application

    recipe = Recipe("vgg19", keras.applications.VGG19, "caffe")
    return application(recipe, image_size_px=image_size_px, pretrained=pretrained)
