import numpy as np

from components.common.pictures.decode import encode_png


def noise_png(seed: int, side_px: int = 40) -> bytes:
    """Make a small grey PNG with a content of its own."""
    noise = np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 1))
    return encode_png(noise.astype(np.uint8))
