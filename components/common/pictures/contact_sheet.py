"""Small pictures side by side on one sheet."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from components.common.pictures.decode import Pixels, encode_png, resize, to_image

_THUMBNAIL_PX, _GAP_PX = 96, 4


def contact_sheet(pictures: Sequence[Pixels], *, across: int = 8) -> bytes:
    """Return a PNG of pictures in rows, each of them made a square of 92 px.

    Args:
        pictures: uint8 [H, W, C] each, row by row.
        across: how many stand in a row.
    """
    side = _THUMBNAIL_PX
    sheet = Image.new("RGB", (across * side, -(-len(pictures) // across) * side), "white")
    for number, pixels in enumerate(pictures):
        corner = (number % across * side, number // across * side)
        thumbnail = to_image(resize(pixels, side - _GAP_PX))
        sheet.paste(thumbnail, (corner[0] + _GAP_PX // 2, corner[1] + _GAP_PX // 2))
    return encode_png(np.asarray(sheet))
