"""The trainer's pixels and the served graph's are the same, bit by bit."""

import numpy as np
import pytest

from components.common.pictures.decode import decode, resize, to_servable

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("height", "width", "size_px"),
    [
        (300, 300, 160),
        (480, 640, 224),
        (70, 91, 32),
        (100, 130, 160),
        (5, 3, 32),
        (1, 1, 16),
        (64, 64, 64),
        (777, 1031, 96),
        (333, 97, 128),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_resize_equals_tensorflow(height: int, width: int, size_px: int, channels: int) -> None:
    import tensorflow as tf

    rng = np.random.default_rng(height * width)
    pixels = rng.integers(0, 256, (height, width, channels), dtype=np.uint8)
    smooth = tf.image.resize(pixels, [size_px, size_px], method="bilinear", antialias=True)
    theirs = tf.clip_by_value(tf.round(smooth), 0.0, 255.0).numpy()
    assert np.array_equal(resize(pixels, size_px), theirs)


def test_decode_equals_the_graph(encoded: dict[str, bytes]) -> None:
    from components.export.graph_pictures import decode_picture

    for name, data in encoded.items():
        here = decode(data)
        there = decode_picture(to_servable(data)).numpy()
        assert np.array_equal(np.broadcast_to(here, there.shape), there), name
