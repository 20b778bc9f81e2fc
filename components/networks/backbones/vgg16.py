"""VGG16 (Simonyan and Zisserman 2014, arXiv:1409.1556), Keras Applications."""

from typing import TYPE_CHECKING

from components.networks.backbones._facts import Facts

if TYPE_CHECKING:
    from components.networks.network import Backbone

VARIANTS = ("",)
MIN_SIZE_PX = 32
LICENCE = "CC-BY-4.0"
FACTS = {
    "": Facts(14_714_688, 224, "vgg16_weights_*_notop.h5"),
}
CUT_POINTS = ("block1_pool", "block2_pool", "block3_pool", "block4_pool")


def build(variant: str, *, image_size_px: int, pretrained: bool) -> "Backbone":
    """Return VGG16 for raw pixels [N, S, S, 3], 0 to 255.

    The default cut leaves the last three convolutions to be tuned, the classic recipe.
    """
    del variant
    import keras

    from components.networks.backbones._applications import preprocess, settle_names
    from components.networks.network import Backbone, PixelSpec, pixel_input

    pixels = pixel_input(PixelSpec("vgg16", image_size_px, MIN_SIZE_PX))
    model = keras.applications.VGG16(
        input_tensor=preprocess(pixels, "caffe"),
        include_top=False,
        weights="imagenet" if pretrained else None,
    )
    settle_names(model)
    return Backbone(
        model=model,
        cut_points=CUT_POINTS,
        default_cut="block4_pool",
        features=("block5_pool",),
    )
