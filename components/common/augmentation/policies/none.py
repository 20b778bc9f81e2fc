"""No augmentation: every view repeats the picture.

Not for whole networks on small sets: they learn the pictures by heart.
"""

from dataclasses import dataclass

import numpy as np

from components.common.config import Section
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """Nothing to set."""


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return a copy of the picture, uint8 [S, S, C]."""
    del number, rng, options
    return pixels.copy()
