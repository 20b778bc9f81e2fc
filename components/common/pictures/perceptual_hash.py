"""A hash of what a picture shows: near copies differ in few of its bits.

The signs of the 8 x 8 lowest frequencies of the picture's cosine transform at 32 x 32 (pHash:
Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010). The sign and
not the median parts the bits: mirroring a picture then only turns the signs of odd frequencies. The
mean's bit is always 0.

Look-alike parts can share a hash: it finds candidates, pixels decide.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.common.pictures.decode import Pixels, to_image

_SIDE_PX = 32
_FREQUENCIES = 8
# Below it a frequency is the rounding of the small picture, not content: a flat picture hashes 0.
_LEAST_AMPLITUDE = 1.0


def perceptual_hash(pixels: Pixels) -> np.uint64:
    """Return the hash of one picture; `bit_count(a ^ b)` is how far two pictures are apart.

    Args:
        pixels: uint8 [H, W, C] in [0, 255], C = 1 or 3.

    Returns:
        64 bits, the lowest frequencies first.
    """
    grey = to_image(pixels).convert("L")
    small = grey.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.BOX)
    bits = (_COSINES @ np.asarray(small, dtype=np.float64) @ _COSINES.T) > _LEAST_AMPLITUDE
    bits[0, 0] = False
    return np.packbits(bits).view(">u8").astype(np.uint64)[0]  # type: ignore[no-any-return]


def _cosines() -> npt.NDArray[np.float64]:
    """Return the first rows of the orthonormal cosine transform, [frequencies, 32]."""
    places = (np.arange(_SIDE_PX) + 0.5) / _SIDE_PX
    waves = np.cos(np.pi * np.arange(_FREQUENCIES)[:, None] * places)
    waves[0] /= np.sqrt(2)
    return waves * np.sqrt(2 / _SIDE_PX)  # type: ignore[no-any-return]


_COSINES = _cosines()
