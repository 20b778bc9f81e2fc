"""Pictures inside the graph, to the bit as `common.pictures` has them."""

from typing import Any

import tensorflow as tf

from components.common.pictures.fit import Fit
from components.common.pictures.grey_range import FULL, GreyRange

_UP_DOWN, _LEFT_RIGHT = 1, 2  # axes of [N, S, S, 3]


def flipped(pixels: Any, left_right: bool, up_down: bool) -> Any:
    """Return a mirrored view of pixels [N, S, S, 3]."""
    axes = [_UP_DOWN] * up_down + [_LEFT_RIGHT] * left_right
    return tf.reverse(pixels, axes) if axes else pixels


def square(pixels: Any, fit: Fit) -> Any:
    """Make pictures [..., H, W, 3] square, as `pictures.decode.resize` does."""
    height, width = tf.shape(pixels)[-3], tf.shape(pixels)[-2]
    if fit == "pad":
        side = tf.maximum(height, width)
        return tf.image.pad_to_bounding_box(
            pixels, (side - height) // 2, (side - width) // 2, side, side
        )
    if fit == "crop":
        side = tf.minimum(height, width)
        return tf.image.crop_to_bounding_box(
            pixels, (height - side) // 2, (width - side) // 2, side, side
        )
    return pixels


def decode_picture(data: Any, *, grey_range: GreyRange = FULL) -> Any:
    """Decode one picture to uint8 [H, W, 3], to the bit as Pillow does.

    Left alone, TensorFlow decodes JPEG by the fast and less exact integer transform: one grey
    level off on average, enough to move a probability by more than the export's tolerance. And of
    16 bits it keeps the high byte: right for the full range only.
    """

    def jpeg() -> Any:
        return tf.io.decode_jpeg(data, channels=3, dct_method="INTEGER_ACCURATE")

    def other() -> Any:
        picture = tf.io.decode_image(data, channels=3, expand_animations=False)
        return tf.ensure_shape(picture, [None, None, 3])

    def deep() -> Any:
        low, high = grey_range
        levels = tf.cast(tf.io.decode_png(data, channels=1, dtype=tf.uint16), tf.int32)
        inside = tf.clip_by_value(levels, low, high) - low
        return tf.tile(tf.cast(inside * 256 // (high - low + 1), tf.uint8), [1, 1, 3])

    def no_jpeg() -> Any:
        return other() if grey_range == FULL else tf.cond(_is_deep(data), deep, other)

    return tf.cond(tf.io.is_jpeg(data), jpeg, no_jpeg)


def _is_deep(data: Any) -> Any:
    """Return whether the bytes begin like a PNG of 16-bit grey levels."""
    # Whatever they are, there is something to look at.
    start = tf.strings.join([tf.strings.substr(data, 0, 26), bytes(26)])
    is_png = tf.strings.substr(start, 0, 8) == b"\x89PNG\r\n\x1a\n"
    # Bits of a channel, then the kind: 0 is grey without alpha.
    return is_png & (tf.strings.substr(start, 24, 2) == b"\x10\x00")
