"""What cameras do to pictures: one function a fault, at five severities.

Noise, blur, defocus, brightness, contrast and JPEG take their strengths from Hendrycks and
Dietterich, "Benchmarking Neural Network Robustness to Common Corruptions and Perturbations", 2019
(ImageNet-C, pictures of 224 px); lengths grow with the picture's longer side. Exposure, colour,
dirt, shift and rotation are ours, from hardly visible (1) to gross (5).

A fault of one camera stays where it is: dirt lies on the same place of every picture, and a shift
has one direction. Give each picture a generator of the same seed for that.
"""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from components.common.errors import InputError
from components.common.pictures.decode import Pixels, to_image

SEVERITIES = (1, 2, 3, 4, 5)
_PUBLISHED_SIDE_PX = 224

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Corruption:
    """One fault.

    fault: the word that an Explanation has for it; "" where it has none.
    apply: float32 [H, W, C] in [0, 255], severity, generator -> the same shape, any range.
    """

    fault: str
    apply: Callable[[Floats, int, np.random.Generator], Floats]


def corrupt(picture: Pixels, *, kind: str, severity: int, rng: np.random.Generator) -> Pixels:
    """Return the picture as a faulty camera would give it.

    Args:
        picture: uint8 [H, W, C], C = 1 or 3.
        kind: a name in CORRUPTIONS.
        severity: 1 to 5.
        rng: draws noise, places and directions.

    Returns:
        uint8 [H, W, C]. A colour cast leaves a greyscale picture as it is.

    Raises:
        InputError: no such kind or severity.
    """
    if kind not in CORRUPTIONS:
        raise InputError(
            f"one of {', '.join(CORRUPTIONS)}", received=f"'{kind}'", do="name one of them"
        )
    if severity not in SEVERITIES:
        raise InputError("a severity from 1 to 5", received=severity, do="choose one of them")
    return _rounded(CORRUPTIONS[kind].apply(picture.astype(np.float32), severity, rng))


def expose(picture: Pixels, factor: float) -> Pixels:
    """Multiply the brightness of a uint8 picture: a shorter (< 1) or longer exposure."""
    return _rounded(picture.astype(np.float32) * np.float32(factor))


def flatten(picture: Pixels, factor: float) -> Pixels:
    """Scale the contrast of a uint8 picture about its mean."""
    return _rounded(_flattened(picture.astype(np.float32), factor))


def _rounded(picture: Floats) -> Pixels:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _at(severity: int, *values: float) -> float:
    return values[severity - 1]


def _scale(picture: Floats) -> float:
    side_px: int = max(picture.shape[:2])
    return side_px / _PUBLISHED_SIDE_PX


def _noise(picture: Floats, severity: int, rng: np.random.Generator) -> Floats:
    deviation = 255 * _at(severity, 0.08, 0.12, 0.18, 0.26, 0.38)
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    return picture + np.float32(deviation) * grain


def _blur(picture: Floats, severity: int, _rng: np.random.Generator) -> Floats:
    from scipy.ndimage import gaussian_filter

    sigma_px = _at(severity, 1, 2, 3, 4, 6) * _scale(picture)
    blurred: Floats = gaussian_filter(picture, sigma=(sigma_px, sigma_px, 0), mode="nearest")
    return blurred


def _defocus(picture: Floats, severity: int, _rng: np.random.Generator) -> Floats:
    from scipy.signal import oaconvolve

    radius_px = _at(severity, 3, 4, 6, 8, 10) * _scale(picture)
    kernel = _disk(radius_px)
    margin = kernel.shape[0] // 2
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    spread: Floats = oaconvolve(padded, kernel[..., None], mode="valid", axes=(0, 1))
    return spread


def _disk(radius_px: float) -> Floats:
    reach = int(np.ceil(radius_px))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    # The rim fades over one pixel, so that a fractional radius means something.
    disk = np.clip(radius_px + 0.5 - np.hypot(rows, columns), 0, 1).astype(np.float32)
    kernel: Floats = disk / disk.sum()
    return kernel


def _brightness(picture: Floats, severity: int, _rng: np.random.Generator) -> Floats:
    # Adding to the V of HSV moves the largest channel by as much and keeps hue and saturation.
    added = np.float32(255 * _at(severity, 0.1, 0.2, 0.3, 0.4, 0.5))
    value = picture.max(axis=-1, keepdims=True)
    raised = np.minimum(value + added, 255)
    brighter: Floats = np.where(value > 0, picture * (raised / np.maximum(value, 1)), raised)
    return brighter


def _contrast(picture: Floats, severity: int, _rng: np.random.Generator) -> Floats:
    return _flattened(picture, _at(severity, 0.4, 0.3, 0.2, 0.1, 0.05))


def _flattened(picture: Floats, factor: float) -> Floats:
    means = picture.mean(axis=(0, 1), keepdims=True)
    flat: Floats = (picture - means) * np.float32(factor) + means
    return flat


def _exposure(picture: Floats, severity: int, _rng: np.random.Generator) -> Floats:
    return picture * np.float32(_at(severity, 0.9, 0.8, 0.65, 0.5, 0.35))


def _colour(picture: Floats, severity: int, rng: np.random.Generator) -> Floats:
    if picture.shape[-1] == 1:
        return picture
    cast = _at(severity, 0.05, 0.1, 0.18, 0.28, 0.4)
    warm = 1.0 if rng.random() < 0.5 else -1.0
    return picture * np.array([1 + warm * cast, 1, 1 - warm * cast], dtype=np.float32)


def _dirt(picture: Floats, severity: int, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import gaussian_filter

    height, width = picture.shape[:2]
    side = max(height, width)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    cover = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(_at(severity, 2, 4, 7, 11, 16))):
        spot = _Spot.draw(rng, side)
        cover = np.maximum(
            cover, spot.cover(rows - height * spot.row, columns - width * spot.column)
        )
    soft = gaussian_filter(cover, sigma=0.01 * side) * np.float32(
        _at(severity, 0.5, 0.6, 0.7, 0.8, 0.9)
    )
    # Dirt so near to the lens is far out of focus: it takes light away without an outline.
    darkened: Floats = picture * (1 - soft[..., None])
    return darkened


@dataclass(frozen=True)
class _Spot:
    """An ellipse: a drop, or a smear where it is long. Place in shares of the picture."""

    row: float
    column: float
    radius_px: float
    stretch: float
    turn_rad: float

    @classmethod
    def draw(cls, rng: np.random.Generator, side_px: int) -> "_Spot":
        row, column, size, stretch, turn = rng.random(5)
        return cls(row, column, side_px * (0.02 + 0.05 * size), 1 + 3 * stretch, np.pi * turn)

    def cover(self, rows: Floats, columns: Floats) -> Any:
        along = columns * np.cos(self.turn_rad) + rows * np.sin(self.turn_rad)
        across = rows * np.cos(self.turn_rad) - columns * np.sin(self.turn_rad)
        return (np.hypot(along / self.stretch, across) < self.radius_px).astype(np.float32)


def _shift(picture: Floats, severity: int, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import shift

    reach_px = _at(severity, 0.02, 0.04, 0.07, 0.11, 0.16) * max(picture.shape[:2])
    turn_rad = 2 * np.pi * rng.random()
    offset = (reach_px * np.sin(turn_rad), reach_px * np.cos(turn_rad), 0)
    moved: Floats = shift(picture, offset, order=1, mode="nearest")
    return moved


def _rotation(picture: Floats, severity: int, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import rotate

    degrees = _at(severity, 1, 2, 4, 7, 12) * (1 if rng.random() < 0.5 else -1)
    turned: Floats = rotate(picture, degrees, reshape=False, order=1, mode="nearest")
    return turned


def _jpeg(picture: Floats, severity: int, _rng: np.random.Generator) -> Floats:
    buffer = io.BytesIO()
    to_image(_rounded(picture)).save(
        buffer, format="JPEG", quality=int(_at(severity, 25, 18, 15, 10, 7))
    )
    squeezed = np.asarray(Image.open(buffer), dtype=np.float32)
    return squeezed.reshape(picture.shape)


CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "noise": Corruption("noise", _noise),
        "blur": Corruption("focus", _blur),
        "defocus": Corruption("focus", _defocus),
        "brightness": Corruption("exposure", _brightness),
        "contrast": Corruption("exposure", _contrast),
        "exposure": Corruption("exposure", _exposure),
        "colour": Corruption("colour", _colour),
        "dirt": Corruption("dirt", _dirt),
        "shift": Corruption("framing", _shift),
        "rotation": Corruption("framing", _rotation),
        "jpeg": Corruption("", _jpeg),
    }
)
