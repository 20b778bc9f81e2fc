"""Hides a rectangle behind noise (Zhong et al. 2017, arXiv:1708.04896).

Not for small faults: one that is hidden leaves a good part with a bad label.
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
    """area: largest share of the picture that is hidden."""

    area: Annotated[float, Field(gt=0.02, le=1)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    return random_view(_layer(options), pixels, rng)


@functools.cache
def _layer(options: Options) -> Any:
    import keras

    return keras.layers.RandomErasing((1.0, 1.0), scale=(0.02, options.area), dtype="float32")
