"""The one decode contract: how encoded bytes become pixels, for every step and every client.

- EXIF orientation is applied (and so never left to the server, which ignores it).
- Alpha is dropped, palettes are expanded, CMYK becomes RGB.
- 16-bit becomes 8-bit by its high byte.
- Greyscale stays one channel in memory; a network sees it repeated three times.
- Resizing is to a square, by the triangle filter widened for down-scaling, in float32,
  rounded half to even: the same arithmetic as `tf.image.resize(..., antialias=True)`, so
  that the exported graph and the trainer see the same pixels.
"""

import functools
import io
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from components.common.errors import DataError, expected

Pixels = npt.NDArray[np.uint8]

READABLE = "a readable picture (PNG, JPEG, BMP, TIFF, WebP)"
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif"})
_SERVABLE_MODES = {"PNG": {"L", "RGB"}, "JPEG": {"L", "RGB"}}
_EXIF_ORIENTATION = 0x0112


def decode(data: bytes, *, name: str = "picture") -> Pixels:
    """Decode one picture.

    Args:
        data: the encoded file.
        name: what to call the picture in an error.

    Returns:
        uint8 [H, W, C] in [0, 255], C = 1 for greyscale and 3 otherwise.

    Raises:
        DataError: the bytes are not a picture, or are damaged or cut off.
    """
    return _pixels(_open(data, name=name))


def to_servable(data: bytes, *, name: str = "picture") -> bytes:
    """Return bytes that TF Serving decodes to the same pixels as `decode`.

    8-bit upright PNG and JPEG pass unchanged; anything else is encoded anew as PNG.

    Raises:
        DataError: as `decode`.
    """
    image = _open(data, name=name)
    upright = image.getexif().get(_EXIF_ORIENTATION, 1) == 1
    transparent = "transparency" in image.info
    if upright and not transparent and image.mode in _SERVABLE_MODES.get(str(image.format), set()):
        return data
    return encode_png(_pixels(image))


def encode_png(pixels: Pixels) -> bytes:
    """Encode uint8 [H, W, 1 or 3] as PNG."""
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=3)
    return buffer.getvalue()


def resize(pixels: Pixels, size_px: int) -> Pixels:
    """Resize to a square.

    Args:
        pixels: uint8 [H, W, C].
        size_px: the new height and width, in pixels.

    Returns:
        uint8 [size_px, size_px, C].
    """
    rows = _filter(pixels.shape[0], size_px)
    columns = _filter(pixels.shape[1], size_px)
    height_done = np.tensordot(rows, pixels.astype(np.float32), axes=(1, 0))
    both_done = np.tensordot(columns, height_done, axes=(1, 1)).transpose(1, 0, 2)
    return np.clip(np.rint(both_done), 0, 255).astype(np.uint8)


@functools.lru_cache(maxsize=64)
def _filter(size_in: int, size_out: int) -> npt.NDArray[np.float32]:
    """Return the [size_out, size_in] weights of the antialiased triangle filter."""
    step = size_in / size_out
    width = max(step, 1.0)
    centres = (np.arange(size_out) + 0.5) * step
    distance = np.abs(np.arange(size_in)[None, :] + 0.5 - centres[:, None]) / width
    weights = np.maximum(0.0, 1.0 - distance)
    normalised: npt.NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True)).astype(
        np.float32
    )
    return normalised


def _open(data: bytes, *, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            image.load()
    except UnidentifiedImageError:
        raise DataError(_unreadable(name, "bytes that no decoder knows")) from None
    except Image.DecompressionBombError as error:
        raise DataError(_unreadable(name, str(error))) from None
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(_unreadable(name, f"a damaged file ({error})")) from None
    return image


def _unreadable(name: str, received: str) -> str:
    return f"{name}: " + expected(READABLE, received=received, do="replace or remove the file")


def _pixels(image: Image.Image) -> Pixels:
    upright: Any = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I"):
        wide = np.asarray(upright).astype(np.uint32)
        return (wide >> 8).clip(0, 255).astype(np.uint8)[..., None]
    if upright.mode in {"1", "L", "LA"}:
        return np.asarray(upright.convert("L"))[..., None]
    return np.asarray(upright.convert("RGB"))
