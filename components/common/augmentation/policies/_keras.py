"""Keras' preprocessing layers on one picture at a time, with chance from a NumPy generator.

A layer draws for a whole batch from one stream, so that a picture's view would depend on which
others are in its batch. One at a time, each from a stream of its own, a view depends on nothing but
the picture. Layers are shared by threads.
"""

import functools
import random
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from components.common.pictures.decode import Pixels, rounded

_LOCK = threading.Lock()


@functools.cache
def made(layer: Callable[[Any], Any], options: Any) -> Any:
    """Return the layer of a policy with its options, made once."""
    return layer(options)


def random_view(layer: Any, pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Return what a layer makes of a picture, uint8 [S, S, C]; another size where it crops."""
    import keras

    # A number as seed would serve all draws of the layer: across and down would move alike.
    stream = keras.random.SeedGenerator(int(rng.integers(2**31)))
    given = pixels[None].astype(np.float32)
    drawn = layer.get_random_transformation(given, training=True, seed=stream)
    return rounded(np.asarray(layer.transform_images(given, drawn, training=True))[0])


def compound_view(layer: Any, pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Do so with a layer of layers, which draws from its own stream and from Python's."""
    seed = int(rng.integers(2**31))
    with _LOCK:
        before = random.getstate()
        random.seed(seed)
        layer.generator.state.assign([seed, 0])
        try:
            return rounded(np.asarray(layer(pixels.astype(np.float32), training=True)))
        finally:
            random.setstate(before)
