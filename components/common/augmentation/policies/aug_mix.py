"""AugMix: chains of operations, averaged with the picture.

Hendrycks et al. 2019, arXiv:1912.02781.

Of `keras.layers.AugMix`, with the operations of `rand_augment`. For pictures that other cameras
will take. Not where one camera stays; and it is slow.
"""

import functools
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from components.common.augmentation.policies._keras import compound_view
from components.common.config import Section
from components.common.pictures.decode import Pixels


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """strength: of each operation, 0 to 1."""

    strength: Annotated[float, Field(ge=0, le=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return compound_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.AugMix(factor=options.strength, dtype="float32")
