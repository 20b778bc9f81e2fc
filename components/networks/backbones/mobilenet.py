"""MobileNet (Howard et al. 2017, arXiv:1704.04861), Keras Applications; a variant is a width."""

from components.networks.backbones._family import Facts, of_applications

MIN_SIZE_PX = 32
LICENCE = "Apache-2.0"
FACTS = {
    "1.0": Facts(3_228_864, 224, "mobilenet_1_0_*_tf_no_top.h5"),
    "0.25": Facts(218_544, 224, "mobilenet_2_5_*_tf_no_top.h5"),
    "0.5": Facts(829_536, 224, "mobilenet_5_0_*_tf_no_top.h5"),
    "0.75": Facts(1_832_976, 224, "mobilenet_7_5_*_tf_no_top.h5"),
}

build = of_applications(lambda _: "MobileNet", "tf", is_width=True)
