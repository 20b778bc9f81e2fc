"""Sharpens or blurs by mixing with a 3 x 3 mean.

Not where the focus itself is judged.
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
    """share: 0 changes nothing, 1 reaches from fully blurred to doubly sharp."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.5


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomSharpness(
        (0.5 - options.share / 2, 0.5 + options.share / 2), dtype="float32"
    )
