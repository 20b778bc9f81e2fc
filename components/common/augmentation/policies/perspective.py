"""The camera stands a little askew; what comes in at the border is mirrored.

Not for parts whose angles or proportions are what is judged.
"""

import functools
import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from components.common.augmentation.policies._keras import random_view
from components.common.config import Section
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest move of a corner along each axis, fraction of the edge."""

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.05


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    size = pixels.shape[0]
    # The layer fills with black, so it gets more than is kept.
    reach = min(math.ceil(2 * size * options.share), size - 1)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    seen = random_view(_layer(options.share), padded, rng)
    return seen[reach : reach + size, reach : reach + size].copy()


@functools.cache
def _layer(share: float) -> Any:
    import keras

    return keras.layers.RandomPerspective((1.0, 1.0), scale=2 * share, dtype="float32")
