"""Warmer or colder light: red and blue change against each other.

Not where the colour is what is judged. Greyscale pictures stay as they are.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from components.common.config import Section
from components.common.pictures.corruptions import CORRUPTIONS
from components.common.pictures.decode import Pixels

COLOUR_ONLY = True


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest gain of the one and loss of the other (0.1 = x 0.9 and x 1.1)."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return CORRUPTIONS["colour"].at(pixels, rng.uniform(0.0, options.share), rng)
