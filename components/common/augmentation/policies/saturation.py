"""Paler or stronger colours.

Not where the colour is what is judged (ripe, burnt, oxidised). Greyscale pictures stay as they are.
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
    """share: 0 changes nothing, 0.5 reaches from a third of the saturation to three times of it."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.3


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomSaturation(
        (0.5 - options.share / 2, 0.5 + options.share / 2), dtype="float32"
    )
