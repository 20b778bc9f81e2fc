"""Grain: Gaussian noise on each pixel by itself.

Not for fine faults (hairline cracks): they drown while the label stays.
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
    """share: largest deviation of the noise, fraction of the full range (0.02 = 5 grey levels)."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.02


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return CORRUPTIONS["noise"].at(pixels, rng.uniform(0.0, options.share), rng)
