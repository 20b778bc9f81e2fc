"""What a picture's file says of itself, before any pixel is decoded."""

import io
import warnings
from dataclasses import dataclass
from typing import Any

from PIL import Image

from components.common.errors import DataError

# Decoding one larger would take gigabytes.
LARGEST_PIXELS = 50_000_000
_PNG_DEPTH = 24  # place of the byte in the file
_TIFF_DEPTH = 0x0102
_EXIF = 0x8769
_ORIENTATION, _MAKE, _MODEL, _CHANGED, _TAKEN = 0x0112, 0x010F, 0x0110, 0x0132, 0x9003
_BITS = {"1": 1, "I": 32, "F": 32, "I;16": 16, "I;16B": 16, "I;16L": 16}


@dataclass(frozen=True, kw_only=True)
class PictureHeader:
    """One file's header. What it does not say is "" or 0.

    format: Pillow's name ("PNG", "JPEG", "MPO", ...). mode: Pillow's ("L", "RGB", "CMYK", "I;16").
    bits: of a channel. frames: of which only the first one is used. orientation: the EXIF number,
    1 is upright. camera: maker and model by EXIF. taken: EXIF's "2026:11:28 13:05:00".
    """

    format: str = ""
    mode: str = ""
    bits: int = 0
    frames: int = 0
    orientation: int = 0
    camera: str = ""
    taken: str = ""


def read_header(data: bytes) -> PictureHeader:
    """Return what the encoded file says; nothing where no decoder knows it or it is damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            # Looking for EXIF in a PNG, Pillow decodes it.
            has_exif = image.format != "PNG" or b"eXIf" in data
            exif: Any = image.getexif() if has_exif else {}
            inner = exif.get_ifd(_EXIF) if exif else {}
            return PictureHeader(
                format=str(image.format),
                mode=image.mode,
                bits=_bits(image, data),
                frames=getattr(image, "n_frames", 1),
                orientation=int(exif.get(_ORIENTATION, 0)),
                camera=" ".join(filter(None, (_text(exif.get(tag)) for tag in (_MAKE, _MODEL)))),
                taken=_text(inner.get(_TAKEN) or exif.get(_CHANGED)),
            )
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, Image.DecompressionBombError):
        return PictureHeader()


def check_size(data: bytes, *, name: str = "picture") -> None:
    """Refuse, by the header alone, what no decoder knows and what is too large to decode.

    Raises:
        DataError: it is no picture, or has more than LARGEST_PIXELS.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            width, height = Image.open(io.BytesIO(data)).size
    except Image.DecompressionBombError as error:
        received = str(error).partition(",")[0]  # what follows is a guess
    except (OSError, SyntaxError, ValueError, EOFError):
        received = "bytes that no decoder knows"
    else:
        if width * height <= LARGEST_PIXELS:
            return
        received = f"{width} × {height} pixels"
    raise DataError(
        f"{name} to be a picture of at most {LARGEST_PIXELS // 1_000_000} megapixels",
        received=received,
        do="choose another file, or make it smaller",
    )


def _bits(image: Image.Image, data: bytes) -> int:
    if image.format == "PNG":
        return data[_PNG_DEPTH]
    # Pillow gives 16-bit colours 8 bits; a TIFF says what it holds.
    depths = image.tag_v2.get(_TIFF_DEPTH) if image.format == "TIFF" else None  # type: ignore[attr-defined]
    return int(max(depths)) if depths else _BITS.get(image.mode, 8)


def _text(found: object) -> str:
    text = str(found or "").strip(" \0")
    return text if text.isprintable() else ""
