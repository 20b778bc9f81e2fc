"""MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381), Keras Applications; a variant is a width."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "1.0": Facts(2_257_984, 224, "mobilenet_v2_weights_*_1.0_*_no_top.h5"),
    "0.35": Facts(410_208, 224, "mobilenet_v2_weights_*_0.35_*_no_top.h5"),
    "0.5": Facts(706_224, 224, "mobilenet_v2_weights_*_0.5_*_no_top.h5"),
    "0.75": Facts(1_382_064, 224, "mobilenet_v2_weights_*_0.75_*_no_top.h5"),
    "1.3": Facts(3_766_048, 224, "mobilenet_v2_weights_*_1.3_*_no_top.h5"),
    "1.4": Facts(4_363_712, 224, "mobilenet_v2_weights_*_1.4_*_no_top.h5"),
}

# Where no shortcut passes by: the sum at the end of each block that has one, and the last
# projection of those that have none.
CUT_POINTS = (
    "block_2_add",
    "block_5_add",
    "block_6_project_BN",
    "block_9_add",
    "block_10_project_BN",
    "block_12_add",
    "block_13_project_BN",
    "block_15_add",
)

# The wide layers of four blocks. Measured on the demo data (frozen, grouped folds): AUC 0.867
# against 0.820 for the last layer alone, which the sharpened classes of pretraining have shaped.
FEATURES = (
    "block_8_expand_relu",
    "block_11_expand_relu",
    "block_13_expand_relu",
    "block_16_expand_relu",
)

build = of_applications(
    lambda _: "MobileNetV2",
    "tf",
    is_width=True,
    cut_points=CUT_POINTS,
    default_cut="block_12_add",
    features=FEATURES,
)
