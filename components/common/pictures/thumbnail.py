"""Small pictures for pages."""

import io

from components.common.pictures.decode import decode, to_image

THUMBNAIL_PX = 240


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
