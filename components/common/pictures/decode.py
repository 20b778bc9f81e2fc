"""The one decode contract: how encoded bytes become pixels, for every step and every client.

- EXIF orientation is applied (and so never left to the server, which ignores it).
- Alpha is dropped, palettes are expanded, CMYK becomes RGB.
- Of several frames (animations, pages, what phones put behind a JPEG) the first one counts.
- 16-bit grey levels become 8 bits by the data set's range, see `grey_range`; of 16-bit colours the
  high byte is left. Floating-point pixels must be finite, from 0 to 255.
- Greyscale stays one channel in memory; a network sees it repeated three times.
- Resizing is to a square, by the triangle filter widened for down-scaling, in float32,
  rounded half to even: to the last bit the arithmetic of `tf.image.resize(...,
  antialias=True)`, so that the exported graph and the trainer see the same pixels.
"""

import functools
import hashlib
import io
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from components.common.errors import DataError, expected
from components.common.pictures.fit import Fit
from components.common.pictures.grey_range import FULL, GreyRange

Pixels = npt.NDArray[np.uint8]

READABLE = "a readable picture (PNG, JPEG, BMP, TIFF, WebP, GIF)"
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif"})
_SERVABLE_MODES = {"PNG": {"L", "RGB", "I;16"}, "JPEG": {"L", "RGB"}}
_EXIF_ORIENTATION = 0x0112


def decode(data: bytes, *, name: str = "picture", grey_range: GreyRange = FULL) -> Pixels:
    """Decode one picture.

    Args:
        data: the encoded file.
        name: what to call the picture in an error.
        grey_range: of 16-bit grey levels. Pictures of a Dataset have 8 bits; it counts for those
            that come from a camera.

    Returns:
        uint8 [H, W, C] in [0, 255], C = 1 for greyscale and 3 otherwise.

    Raises:
        DataError: the bytes are not a picture, or are damaged or cut off.
    """
    image = _open(data, name=name)
    if is_deep(image):
        return eight_bits(_levels(image), grey_range)[..., None]
    return _pixels(image)


def to_servable(data: bytes, *, name: str = "picture") -> bytes:
    """Return bytes that the exported graph decodes to the same pixels as `decode`.

    Upright PNG and JPEG, grey or in colour, pass unchanged; anything else is encoded again as PNG,
    16-bit grey levels in 16 bits: the graph knows the range.

    Raises:
        DataError: as `decode`.
    """
    image = _open(data, name=name)
    if _is_plain(image) and not _is_turned(image):
        return data
    return _png(Image.fromarray(_levels(image))) if is_deep(image) else encode_png(_pixels(image))


def brightest(data: bytes, *, name: str = "picture") -> int:
    """Return the brightest level of a 16-bit grey picture; 0 for any other.

    Raises:
        DataError: as `decode`.
    """
    image = _open(data, name=name)
    return int(_levels(image).max()) if is_deep(image) else 0


def is_servable(data: bytes) -> bool:
    """Return, from the header alone, whether `to_servable` would pass the bytes unchanged.

    The pixels are not decoded: damage further on shows only in `decode`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError):
        return False
    oriented = b"eXIf" in data if image.format == "PNG" else _is_turned(image)
    return _is_plain(image) and not oriented


def is_deep(image: Image.Image) -> bool:
    """Return whether Pillow gives 16-bit grey levels."""
    return image.mode.startswith("I")


def _is_plain(image: Image.Image) -> bool:
    known = _SERVABLE_MODES.get(str(image.format), set())
    return image.mode in known and "transparency" not in image.info


def _is_turned(image: Image.Image) -> bool:
    return bool(image.getexif().get(_EXIF_ORIENTATION, 1) != 1)


def encode_png(pixels: Pixels, *, compress_level: int = 3) -> bytes:
    """Encode uint8 [H, W, 1 or 3] as PNG; level 0 is for what is decoded again at once."""
    return _png(to_image(pixels), compress_level=compress_level)


def _png(image: Image.Image, *, compress_level: int = 3) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=compress_level)
    return buffer.getvalue()


def eight_bits(levels: npt.NDArray[np.uint16], grey_range: GreyRange) -> Pixels:
    """Return uint8 levels; what is outside the range becomes black or white.

    All in whole numbers, so that a graph can do the same: of the full range the high byte is left.
    """
    low, high = grey_range
    inside = np.clip(levels, low, high).astype(np.int32) - low
    return (inside * 256 // (high - low + 1)).astype(np.uint8)


def to_image(pixels: Pixels) -> Image.Image:
    """Return uint8 [H, W, 1 or 3] as a Pillow image."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def pixels_sha256(pixels: Pixels) -> str:
    """Return a digest of shape and pixels, equal for one picture in two encodings."""
    total = hashlib.sha256(repr(pixels.shape).encode())
    total.update(np.ascontiguousarray(pixels).data)
    return total.hexdigest()


def resize(pixels: Pixels, size_px: int, *, fit: Fit = "squeeze") -> Pixels:
    """Resize to a square.

    Args:
        pixels: uint8 [H, W, C].
        size_px: the new height and width, in pixels.
        fit: how the shape becomes square, before anything is resized.

    Returns:
        uint8 [size_px, size_px, C].
    """
    pixels = _square(pixels, fit)
    height_done = np.zeros((size_px, *pixels.shape[1:]), dtype=np.float32)
    for source, weight in zip(*_taps(pixels.shape[0], size_px), strict=True):
        height_done += weight[:, None, None] * pixels[source]
    both_done = np.zeros((size_px, size_px, pixels.shape[2]), dtype=np.float32)
    for source, weight in zip(*_taps(pixels.shape[1], size_px), strict=True):
        both_done += weight[:, None] * height_done[:, source]
    return rounded(both_done)


def rounded(values: npt.NDArray[np.floating[Any]]) -> Pixels:
    """Return grey levels of any range as uint8, rounded half to even."""
    levels: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return levels


def _square(pixels: Pixels, fit: Fit) -> Pixels:
    height, width, _ = pixels.shape
    if fit == "pad":
        side = max(height, width)
        above, left = (side - height) // 2, (side - width) // 2
        beside = ((above, side - height - above), (left, side - width - left), (0, 0))
        return np.pad(pixels, beside)
    if fit == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return pixels[top : top + side, left : left + side]
    return pixels


@functools.lru_cache(maxsize=64)
def _taps(size_in: int, size_out: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Return the antialiased triangle filter.

    These are the few source positions that each target position is a weighted mean of, and their
    weights, [taps, size_out] both. A full matrix product does the same at ten times the cost, since
    almost all of its factors are zero.

    Every step is in float32 and in the order of TensorFlow's ScaleAndTranslate, so that the
    weights agree to the last bit. Weights that are merely close round some pixels the other way,
    and a probability then moves by up to 1e-3.
    """
    one, half = np.float32(1), np.float32(0.5)
    step = one / (np.float32(size_out) / np.float32(size_in))
    width = max(step, one)
    centres = (np.arange(size_out, dtype=np.float32) + half) * step
    first = np.clip(np.ceil(centres - width - half), 0, size_in - 1).astype(np.int64)
    last = np.clip(np.floor(centres + width - half), 0, size_in - 1).astype(np.int64)
    sources = first + np.arange((last - first).max() + 1)[:, None]
    distance = np.abs((sources.astype(np.float32) + half - centres) * (one / width))
    weights = np.where(sources <= last, np.maximum(one - distance, np.float32(0)), np.float32(0))
    # Not `sum`, which adds in pairs.
    total = functools.reduce(np.add, weights)
    return np.minimum(sources, size_in - 1), weights * (one / total)


def _open(data: bytes, *, name: str) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            image.load()
        received = _out_of_range(image)
        if not received:
            return image
    except UnidentifiedImageError:
        received = "bytes that no decoder knows"
    except Image.DecompressionBombError as error:
        received = str(error).partition(",")[0]  # what follows is a guess
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        received = f"a damaged file ({error})"
    do = "replace or remove the file"
    raise DataError(f"{name}: " + expected(READABLE, received=received, do=do))


def _out_of_range(image: Image.Image) -> str:
    """Say what is wrong with numbers that are neither of 8 nor of 16 bits; "" where nothing is.

    Cast to whole numbers, NaN and the scale from 0 to 1 would both become black without a word.
    """
    if image.mode not in {"F", "I"}:
        return ""
    values = np.asarray(image)
    if not np.isfinite(values).all():
        return "pixels that are NaN or infinite"
    low, high = float(values.min()), float(values.max())
    if image.mode == "F" and (low < 0 or high > 255 or 0 < high <= 1):
        return f"floating-point pixels from {low:.4g} to {high:.4g} instead of 0 to 255"
    if low < 0 or high > FULL[1]:
        return f"whole-number pixels from {low:.0f} to {high:.0f} instead of 0 to {FULL[1]}"
    return ""


def _levels(image: Image.Image) -> npt.NDArray[np.uint16]:
    ImageOps.exif_transpose(image, in_place=True)
    return np.asarray(image).astype(np.uint16)


def _pixels(image: Image.Image) -> Pixels:
    # In place, and converted only where needed: each copy of a camera's picture is 100 MB.
    ImageOps.exif_transpose(image, in_place=True)
    wanted = "L" if image.mode in {"1", "L", "LA"} else "RGB"
    pixels = np.asarray(image if image.mode == wanted else image.convert(wanted))
    return pixels[..., None] if wanted == "L" else pixels
