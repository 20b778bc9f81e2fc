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
from components.common.pictures.decode import Pixels, rounded, to_image

SEVERITIES = (1, 2, 3, 4, 5)
_PUBLISHED_SIDE_PX = 224

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Corruption:
    """One fault.

    fault: the word that an Explanation has for it; "" where it has none.
    apply: float32 [H, W, C] in [0, 255], strength, generator -> the same shape, any range.
    strengths: of the severities 1 to 5.
    fixed: the same in all pictures of one camera, so that they share a generator's seed.
    """

    fault: str
    apply: Callable[[Floats, float, np.random.Generator], Floats]
    strengths: tuple[float, float, float, float, float]
    fixed: bool = False

    def on(self, picture: Pixels, *, severity: int, rng: np.random.Generator) -> Pixels:
        """Return uint8 [H, W, C]: the picture with this fault, severity 1 to 5."""
        return self.at(picture, self.strengths[severity - 1], rng)

    def at(self, picture: Pixels, strength: float, rng: np.random.Generator) -> Pixels:
        """Return the same at a strength of its own scale."""
        return rounded(self.apply(picture.astype(np.float32), strength, rng))


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
    return CORRUPTIONS[kind].on(picture, severity=severity, rng=rng)


def _scale(picture: Floats) -> float:
    side_px: int = max(picture.shape[:2])
    return side_px / _PUBLISHED_SIDE_PX


def _noise(picture: Floats, deviation: float, rng: np.random.Generator) -> Floats:
    grain = rng.standard_normal(picture.shape, dtype=np.float32)
    return picture + np.float32(255 * deviation) * grain


def _blur(picture: Floats, sigma: float, _rng: np.random.Generator) -> Floats:
    from scipy.ndimage import gaussian_filter

    sigma_px = sigma * _scale(picture)
    blurred: Floats = gaussian_filter(picture, sigma=(sigma_px, sigma_px, 0), mode="nearest")
    return blurred


def _defocus(picture: Floats, radius: float, _rng: np.random.Generator) -> Floats:
    from scipy.signal import oaconvolve

    kernel = _disk(radius * _scale(picture))
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


def _brightness(picture: Floats, share: float, _rng: np.random.Generator) -> Floats:
    # Adding to the V of HSV moves the largest channel by as much and keeps hue and saturation.
    value = picture.max(axis=-1, keepdims=True)
    raised = np.minimum(value + np.float32(255 * share), 255)
    brighter: Floats = np.where(value > 0, picture * (raised / np.maximum(value, 1)), raised)
    return brighter


def _contrast(picture: Floats, factor: float, _rng: np.random.Generator) -> Floats:
    means = picture.mean(axis=(0, 1), keepdims=True)
    flat: Floats = (picture - means) * np.float32(factor) + means
    return flat


def _exposure(picture: Floats, factor: float, _rng: np.random.Generator) -> Floats:
    return picture * np.float32(factor)


def _colour(picture: Floats, cast: float, rng: np.random.Generator) -> Floats:
    if picture.shape[-1] == 1:
        return picture
    warm = 1.0 if rng.random() < 0.5 else -1.0
    return picture * np.array([1 + warm * cast, 1, 1 - warm * cast], dtype=np.float32)


def _dirt(picture: Floats, spots: float, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import gaussian_filter

    height, width = picture.shape[:2]
    side = max(height, width)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    cover = np.zeros((height, width), dtype=np.float32)
    for _ in range(int(spots)):
        row, column, size, stretch, turn = rng.random(5)
        spot = _spot(rows - height * row, columns - width * column, turn=turn, stretch=stretch)
        cover = np.maximum(cover, spot < side * (0.02 + 0.05 * size))
    soft = gaussian_filter(cover, sigma=0.01 * side) * np.float32(_DIRT_DEPTH[int(spots)])
    # Dirt so near to the lens is far out of focus: it takes light away without an outline.
    darkened: Floats = picture * (1 - soft[..., None])
    return darkened


def _spot(rows: Floats, columns: Floats, *, turn: float, stretch: float) -> Any:
    """Return the distance from a spot's centre, in its own measure: a drop, or a long smear."""
    along = columns * np.cos(np.pi * turn) + rows * np.sin(np.pi * turn)
    across = rows * np.cos(np.pi * turn) - columns * np.sin(np.pi * turn)
    return np.hypot(along / (1 + 3 * stretch), across)


def _shift(picture: Floats, share: float, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import shift

    reach_px = share * max(picture.shape[:2])
    turn_rad = 2 * np.pi * rng.random()
    offset = (reach_px * np.sin(turn_rad), reach_px * np.cos(turn_rad), 0)
    moved: Floats = shift(picture, offset, order=1, mode="nearest")
    return moved


def _rotation(picture: Floats, degrees: float, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import rotate

    turn = degrees if rng.random() < 0.5 else -degrees
    turned: Floats = rotate(picture, turn, reshape=False, order=1, mode="nearest")
    return turned


def _jpeg(picture: Floats, quality: float, _rng: np.random.Generator) -> Floats:
    buffer = io.BytesIO()
    to_image(rounded(picture)).save(buffer, format="JPEG", quality=int(quality))
    squeezed = np.asarray(Image.open(buffer), dtype=np.float32)
    return squeezed.reshape(picture.shape)


# How much light dirt takes away, by the number of spots.
_DIRT_DEPTH = {2: 0.5, 4: 0.6, 7: 0.7, 11: 0.8, 16: 0.9}
CORRUPTIONS: Mapping[str, Corruption] = MappingProxyType(
    {
        "noise": Corruption("noise", _noise, (0.08, 0.12, 0.18, 0.26, 0.38)),
        "blur": Corruption("focus", _blur, (1, 2, 3, 4, 6)),
        "defocus": Corruption("focus", _defocus, (3, 4, 6, 8, 10)),
        "brightness": Corruption("exposure", _brightness, (0.1, 0.2, 0.3, 0.4, 0.5)),
        "contrast": Corruption("exposure", _contrast, (0.4, 0.3, 0.2, 0.1, 0.05)),
        "exposure": Corruption("exposure", _exposure, (0.9, 0.8, 0.65, 0.5, 0.35)),
        "colour": Corruption("colour", _colour, (0.05, 0.1, 0.18, 0.28, 0.4), fixed=True),
        "dirt": Corruption("dirt", _dirt, (2, 4, 7, 11, 16), fixed=True),
        "shift": Corruption("framing", _shift, (0.02, 0.04, 0.07, 0.11, 0.16), fixed=True),
        "rotation": Corruption("framing", _rotation, (1, 2, 4, 7, 12), fixed=True),
        "jpeg": Corruption("compression", _jpeg, (25, 18, 15, 10, 7)),
    }
)
