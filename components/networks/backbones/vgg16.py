"""VGG16 (Simonyan and Zisserman 2014, arXiv:1409.1556), Keras Applications."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "CC-BY-4.0"
FACTS = {"": Facts(14_714_688, 224, "vgg16_weights_*_notop.h5")}

build = of_applications(
    lambda _: "VGG16",
    "caffe",
    cut_points=("block1_pool", "block2_pool", "block3_pool", "block4_pool"),
    # Leaves the last three convolutions to be tuned, the classic recipe.
    default_cut="block4_pool",
    features=("block5_pool",),
)
