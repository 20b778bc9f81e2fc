"""VGG16 (Simonyan and Zisserman 2014, arXiv:1409.1556), Keras Applications."""

import keras

from components.train.network import Backbone, PixelSpec, pixel_input

VARIANTS = ("",)
MIN_SIZE_PX = 32
CUT_POINTS = ("block1_pool", "block2_pool", "block3_pool", "block4_pool")

# Means of the ImageNet training pictures, in the order blue, green, red (the "caffe" mode).
_MEANS_BGR = (103.939, 116.779, 123.68)


def build(variant: str, *, image_size_px: int, pretrained: bool) -> Backbone:
    """Return VGG16 for raw pixels [N, S, S, 3], 0 to 255.

    The default cut leaves the last three convolutions to be tuned, the classic recipe.
    """
    del variant
    pixels = pixel_input(PixelSpec("vgg16", image_size_px, MIN_SIZE_PX))
    reversed_channels = keras.ops.flip(pixels, axis=-1)
    offset = [-mean for mean in _MEANS_BGR]
    centred = keras.layers.Rescaling(1.0, offset=offset, name="preprocess")(reversed_channels)
    model = keras.applications.VGG16(
        input_tensor=centred, include_top=False, weights="imagenet" if pretrained else None
    )
    return Backbone(
        model=model,
        cut_points=CUT_POINTS,
        default_cut="block4_pool",
        features=("block5_pool",),
    )
