"""Adds to or takes from all grey levels.

Not where the exposure is held constant and the grey level is what is judged (burnt, faded, dead).
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
    """share: largest change, fraction of the full range (0.1 = 25 grey levels)."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomBrightness(options.share, dtype="float32")
