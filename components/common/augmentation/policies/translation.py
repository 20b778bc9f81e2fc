"""Moves along both axes; what comes in at the border is mirrored.

Not for parts whose place in the picture is what is judged, and where a fault lies near the border:
a mirrored fault is two.
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
    """share: largest move along each axis, fraction of the edge."""

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.05


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomTranslation(
        options.share, options.share, fill_mode="reflect", dtype="float32"
    )
