"""A network of three small convolutions, where a real backbone would take seconds to build."""

import keras

from components.networks import network
from components.networks.config import INPUT
from components.networks.network import Backbone, Network


def tiny_network(size_px: int = 8, *, classes: int = 2) -> Network:
    """Return it with random weights, the same each time; its cut points are conv1 and conv2."""
    keras.utils.set_random_seed(0)
    pixels = x = keras.Input((size_px, size_px, 3), name=INPUT)
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    for block in (1, 2, 3):
        x = keras.layers.Conv2D(4, 3, padding="same", activation="relu", name=f"conv{block}")(x)
    backbone = Backbone(keras.Model(pixels, x), ("conv1", "conv2"), "conv2", ("conv3",))
    return network.assemble(backbone, classes=classes)
