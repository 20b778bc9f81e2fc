"""Small copies of pictures for people to look at."""

import io

import numpy as np
from PIL import Image

from components.common.pictures.decode import Pixels, decode, to_image

THUMBNAIL_PX = 240


def shrunk(pixels: Pixels, longest_px: int) -> Pixels:
    """Return uint8 [H, W, C] with its longer side at most so long, in its own proportions."""
    image = to_image(pixels)
    image.thumbnail((longest_px, longest_px), Image.Resampling.BOX)
    small = np.asarray(image)
    return small if small.ndim == 3 else small[..., None]


def thumbnail(data: bytes, *, name: str) -> bytes:
    """Return a small JPEG of an encoded picture, THUMBNAIL_PX along its longer side at most.

    Raises:
        DataError: as `decode`; `name` is what it calls the picture.
    """
    image = to_image(decode(data, name=name))
    image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=82)
    return buffer.getvalue()
