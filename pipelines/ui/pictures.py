"""Send a picture's file to a browser, in a form that it shows."""

import asyncio
from pathlib import Path

from aiohttp import web

from components.common.pictures.decode import decode, encode_png
from components.common.pictures.grey_range import FULL, GreyRange
from components.common.pictures.header import check_size, read_header
from components.common.pictures.thumbnails import thumbnail

_SHOWN_AS_IT_IS = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_DEEP_BITS = 16
# Large pictures take memory while they are decoded.
_DECODING = asyncio.Semaphore(2)


async def send_picture(
    path: Path | None, *, small: bool = False, grey_range: GreyRange = FULL
) -> web.Response:
    """Answer with a picture; what no browser shows is encoded again.

    Args:
        path: its file; None where there is none.
        small: as a thumbnail.
        grey_range: of 16-bit grey pictures.

    Raises:
        DataError: it is no picture, or a damaged or very large one.
        web.HTTPNotFound: there is no such file.
    """
    if path is None or not path.is_file():
        raise web.HTTPNotFound
    async with _DECODING:
        kind, body = await asyncio.to_thread(_encoded, path, small, grey_range)
    # A picture's address names its content, so it need not be fetched twice.
    headers = {"Cache-Control": "private, max-age=3600"}
    return web.Response(body=body, content_type=kind, headers=headers)


def _encoded(path: Path, small: bool, grey_range: GreyRange) -> tuple[str, bytes]:
    data = path.read_bytes()
    check_size(data, name=path.name)
    if small:
        return "image/jpeg", thumbnail(data, name=path.name)
    header = read_header(data)
    if header.format in _SHOWN_AS_IT_IS and header.bits < _DEEP_BITS:
        return _SHOWN_AS_IT_IS[header.format], data
    return "image/png", encode_png(decode(data, name=path.name, grey_range=grey_range))
