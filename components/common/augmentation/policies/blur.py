"""Out of focus, by a Gaussian.

Not for fine faults (hairline cracks): they vanish while the label stays.
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
    """sigma_px: largest deviation of the Gaussian, pixels; Keras' layer takes no more than 1."""

    sigma_px: Annotated[float, Field(gt=0, le=1)] = 1.0


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomGaussianBlur(
        (1.0, 1.0),
        kernel_size=5,
        sigma=options.sigma_px,
        dtype="float32",
    )
