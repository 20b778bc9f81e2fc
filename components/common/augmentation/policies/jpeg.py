"""Squeezes the picture as a camera's JPEG does.

Not where all pictures come as PNG: no answer is ever asked about a squeezed one.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from components.common.config import Section
from components.common.pictures.corruptions import CORRUPTIONS
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """quality: the lowest, of JPEG's scale from 1 to 95; it is drawn from there up to 95."""

    quality: Annotated[int, Field(ge=1, le=95)] = 50


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return CORRUPTIONS["jpeg"].at(pixels, float(rng.integers(options.quality, 96)), rng)
