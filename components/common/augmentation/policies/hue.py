"""Turns the colour wheel.

Not where the colour is what is judged; a camera's colours drift far less than this layer can turn
them: see `colour_temperature`. Greyscale pictures stay as they are.
"""

import functools
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from components.common.augmentation.policies._keras import random_view
from components.common.config import Section
from components.common.pictures.decode import Pixels

COLOUR_ONLY = True


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest turn, of half the wheel (0.1 = 18 degrees)."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomHue(options.share, dtype="float32")
