"""Faults of cameras that no rule was set by: what `benchmarks.drift_causes` holds out.

Each is float32 [H, W, C] in [0, 255], strength, generator -> the same shape, as in `corruptions`.
"""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from components.common.pictures.corruptions import Corruption, Floats


def _ghost(picture: Floats, share: float, _rng: np.random.Generator) -> Floats:
    """A reflection between lens and filter: the picture once more, moved."""
    step = max(1, picture.shape[1] // 12)
    return (1 - share) * picture + share * np.roll(picture, (step, step), axis=(0, 1))


def _fog(picture: Floats, share: float, _rng: np.random.Generator) -> Floats:
    """Water on the cold lens: light from everywhere."""
    return (1 - share) * picture + share * np.float32(200)


def _pixelated(picture: Floats, size: float, _rng: np.random.Generator) -> Floats:
    """A driver that delivers fewer pixels, each several times."""
    rows, columns = (np.arange(side) // int(size) * int(size) for side in picture.shape[:2])
    return picture[np.ix_(rows, columns)]


def _wobble(picture: Floats, share: float, rng: np.random.Generator) -> Floats:
    """Lines out of step: each is moved sideways by its own little."""
    reach = share * picture.shape[1]
    moved = np.rint(rng.uniform(-reach, reach, picture.shape[0])).astype(int)
    return np.stack(
        [np.roll(line, step, axis=0) for line, step in zip(picture, moved, strict=True)]
    )


def _half_shade(picture: Floats, depth: float, _rng: np.random.Generator) -> Floats:
    """One of two lamps is out."""
    ramp = np.linspace(1.0, 1.0 - depth, picture.shape[1], dtype=np.float32)
    return picture * ramp[None, :, None]


def _few_bits(picture: Floats, levels: float, _rng: np.random.Generator) -> Floats:
    """A converter that gives fewer levels of grey."""
    return np.rint(picture / 255 * levels) * np.float32(255 / levels)


UNSEEN: Mapping[str, Corruption] = MappingProxyType(
    {
        "ghost": Corruption("", _ghost, (0.1, 0.17, 0.25, 0.33, 0.45)),
        "fog": Corruption("", _fog, (0.1, 0.2, 0.3, 0.45, 0.6)),
        "pixelated": Corruption("", _pixelated, (2, 2, 3, 4, 5)),
        "wobble": Corruption("", _wobble, (0.006, 0.01, 0.015, 0.022, 0.03), fixed=True),
        "half_shade": Corruption("", _half_shade, (0.15, 0.3, 0.45, 0.6, 0.75)),
        "few_bits": Corruption("", _few_bits, (24, 16, 11, 8, 5)),
    }
)
