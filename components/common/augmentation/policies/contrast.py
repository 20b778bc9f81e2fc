"""Spreads or narrows the grey levels about the picture's mean.

Not where faults are faint: less contrast hides them while the label stays.
"""

import functools
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from components.common.augmentation.policies._keras import random_view
from components.common.config import Section
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest change of the spread (0.2 = x 0.8 .. 1.2)."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.2


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomContrast(options.share, dtype="float32")
