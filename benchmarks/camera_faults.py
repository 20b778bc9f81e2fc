"""More of what cameras do: faults of lens, light, sensor, cable and mounting.

With the faults of `corruptions` they are what the rules for causes were set by. Strengths are
ours, from hardly visible (1) to gross (5); lengths are shares of the picture's longer side.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from components.common.pictures.corruptions import CORRUPTIONS, Corruption, Floats

_LEAST_LINES = 60.0


def _motion(picture: Floats, share: float, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import shift

    # The exposure as a sum of moments: each one a step farther along one direction.
    reach_px, turn_rad = share * max(picture.shape[:2]), np.pi * rng.random()
    moments = np.linspace(-0.5, 0.5, 2 + int(np.ceil(reach_px / 2)))
    step = reach_px * np.array([np.sin(turn_rad), np.cos(turn_rad), 0.0])
    moved = [shift(picture, moment * step, order=1, mode="nearest") for moment in moments]
    blurred: Floats = np.mean(moved, axis=0, dtype=np.float32)
    return blurred


def _glare(picture: Floats, depth: float, rng: np.random.Generator) -> Floats:
    row, column, size = rng.random(3)
    rows, columns = _places(picture)
    distance = np.hypot(rows - (0.2 + 0.6 * row), columns - (0.2 + 0.6 * column))
    spot = np.exp(-0.5 * (distance / (0.08 + 0.1 * size)) ** 2)
    lit: Floats = picture + np.float32(255 * depth) * spot[..., None].astype(np.float32)
    return lit


def _vignette(picture: Floats, depth: float, _rng: np.random.Generator) -> Floats:
    rows, columns = _places(picture)
    far = ((rows - 0.5) ** 2 + (columns - 0.5) ** 2) / 0.5
    darker: Floats = picture * (1 - np.float32(depth) * far[..., None].astype(np.float32))
    return darker


def _scan_lines(picture: Floats, count: float, rng: np.random.Generator) -> Floats:
    height = picture.shape[0]
    rows = rng.permutation(height)[: max(1, round(count * height / 224))]
    broken = picture.copy()
    broken[rows] *= np.float32(0.25)
    return broken


def _banding(picture: Floats, depth: float, rng: np.random.Generator) -> Floats:
    height = picture.shape[0]
    cycles, phase = 3 + 9 * rng.random(), 2 * np.pi * rng.random()
    wave = np.sin(2 * np.pi * cycles * np.arange(height) / max(height, _LEAST_LINES) + phase)
    banded: Floats = picture * (1 + np.float32(depth) * wave[:, None, None].astype(np.float32))
    return banded


def _gamma(picture: Floats, power: float, rng: np.random.Generator) -> Floats:
    exponent = power if rng.random() < 0.5 else 1 / power
    return np.asarray(255 * (picture / 255) ** exponent, dtype=np.float32)


def _dead_pixels(picture: Floats, share: float, rng: np.random.Generator) -> Floats:
    drawn = rng.random(picture.shape[:2])[..., None]
    stuck = np.where(drawn < share / 2, np.float32(0), np.float32(255))
    broken: Floats = np.where(drawn < share, stuck, picture)
    return broken


def _dust(picture: Floats, specks: float, rng: np.random.Generator) -> Floats:
    rows, columns = _places(picture)
    light = np.ones(picture.shape[:2], dtype=np.float32)
    for row, column, size in rng.random((int(specks), 3)):
        distance = np.hypot(rows - row, columns - column)
        light *= 1 - 0.7 * np.clip(1.5 - distance / (0.006 + 0.01 * size), 0, 1).astype(np.float32)
    return picture * light[..., None]


def _tilt(picture: Floats, share: float, rng: np.random.Generator) -> Floats:
    from scipy.ndimage import map_coordinates

    # One side lies farther away: a keystone towards the top, or the bottom.
    rows, columns = _places(picture)
    narrow = 1 + share * ((rows if rng.random() < 0.5 else 1 - rows) - 0.5)
    height, width = picture.shape[:2]
    wanted = np.stack(
        [(0.5 + (rows - 0.5) * narrow) * height, (0.5 + (columns - 0.5) * narrow) * width]
    )
    seen = [
        map_coordinates(one, wanted - 0.5, order=1, mode="nearest")
        for one in np.moveaxis(picture, -1, 0)
    ]
    return np.stack(seen, axis=-1)


def _flicker(picture: Floats, depth: float, rng: np.random.Generator) -> Floats:
    # Another gain in each picture: the lamp and the shutter are out of step.
    return picture * np.float32(max(0.05, 1 + depth * rng.uniform(-1, 1)))


def _places(picture: Floats) -> Any:
    """Return row and column of each pixel's centre, each float64 [H, W] in (0, 1)."""
    height, width = picture.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    return (rows + 0.5) / height, (columns + 0.5) / width


CAMERA_FAULTS: Mapping[str, Corruption] = MappingProxyType(
    {
        **CORRUPTIONS,
        "motion": Corruption("focus", _motion, (0.02, 0.035, 0.055, 0.08, 0.12), fixed=True),
        "glare": Corruption("light", _glare, (0.1, 0.2, 0.35, 0.5, 0.7), fixed=True),
        "vignette": Corruption("light", _vignette, (0.2, 0.35, 0.5, 0.65, 0.8)),
        "flicker": Corruption("exposure", _flicker, (0.1, 0.2, 0.3, 0.45, 0.6)),
        "gamma": Corruption("exposure", _gamma, (1.15, 1.3, 1.5, 1.8, 2.2), fixed=True),
        "scan_lines": Corruption("sensor", _scan_lines, (2, 4, 8, 14, 22), fixed=True),
        "banding": Corruption("sensor", _banding, (0.05, 0.1, 0.16, 0.24, 0.35)),
        "dead_pixels": Corruption(
            "sensor", _dead_pixels, (0.001, 0.003, 0.008, 0.02, 0.05), fixed=True
        ),
        "dust": Corruption("dirt", _dust, (8, 16, 30, 50, 80), fixed=True),
        "tilt": Corruption("framing", _tilt, (0.04, 0.08, 0.13, 0.2, 0.3), fixed=True),
    }
)
