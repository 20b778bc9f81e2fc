"""Mirror images, small shifts, and small changes of brightness and contrast: the default.

Not for oriented parts: set `up_down` or `left_right` to false, see `flips`.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from components.common.augmentation.policies import flips
from components.common.config import Section
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """How far a view may stray from the picture.

    left_right, up_down: see `flips`.
    shift: largest move along each axis, fraction of the edge; the border is mirrored.
    brightness: largest change, fraction of the full range (0.1 = 25 grey levels).
    contrast: largest change of the spread about the picture's mean (0.1 = x 0.9 .. 1.1).
    """

    left_right: bool = True
    up_down: bool = True
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.03
    brightness: Annotated[float, Field(ge=0, le=1)] = 0.05
    contrast: Annotated[float, Field(ge=0, le=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    mirrors = flips.Options(left_right=options.left_right, up_down=options.up_down)
    mirrored = flips.view(pixels, number=number, rng=rng, options=mirrors)
    return _relit(_shifted(mirrored, rng, options), rng, options)


def _shifted(pixels: Pixels, rng: np.random.Generator, options: Options) -> Pixels:
    size = pixels.shape[0]
    reach = min(round(size * options.shift), size - 1)
    down, across = rng.integers(-reach, reach + 1, size=2) + reach
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="reflect")
    return padded[down : down + size, across : across + size]


def _relit(pixels: Pixels, rng: np.random.Generator, options: Options) -> Pixels:
    gain = 1.0 + rng.uniform(-options.contrast, options.contrast)
    lift = 255.0 * rng.uniform(-options.brightness, options.brightness)
    mean = float(pixels.mean())
    # All the arithmetic is per grey level, so a table of 256 entries does for any picture.
    levels = np.arange(256, dtype=np.float32)
    table = np.clip(np.rint((levels - mean) * gain + mean + lift), 0, 255).astype(np.uint8)
    relit: Pixels = table[pixels]
    return relit
