"""Small copies of pictures for people to look at."""

import numpy as np
from PIL import Image

from components.common.pictures.decode import Pixels, to_image


def shrunk(pixels: Pixels, longest_px: int) -> Pixels:
    """Return uint8 [H, W, C] with its longer side at most so long, in its own proportions."""
    image = to_image(pixels)
    image.thumbnail((longest_px, longest_px), Image.Resampling.BOX)
    small = np.asarray(image)
    return small if small.ndim == 3 else small[..., None]
