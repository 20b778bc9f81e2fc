"""Turns by a small angle; what comes in at the corners is mirrored.

Not for parts whose tilt is what is judged.
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
    """degrees: largest angle to either side."""

    degrees: Annotated[float, Field(ge=0, le=180)] = 5.0


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomRotation(
        options.degrees / 360.0, fill_mode="reflect", dtype="float32"
    )
