"""RandAugment: a few of eleven operations, drawn (Cubuk et al. 2019, arXiv:1909.13719).

Those of `keras.layers.RandAugment`: shear, translation, rotation, brightness, colour, contrast,
sharpness, posterisation, solarisation, full range, equalised histogram. Not for small sets of one
camera: half of these no camera does. At a strength of 0.1 it turns by up to 36 degrees, and its
posterisation, which keeps the fewer bits the lower the strength, leaves one.
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
    """operations: how many are drawn a view.
    strength: of each, 0 to 1.
    """

    operations: Annotated[int, Field(ge=1, le=11)] = 2
    strength: Annotated[float, Field(ge=0, le=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return compound_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandAugment(
        num_ops=options.operations, factor=options.strength, dtype="float32"
    )
