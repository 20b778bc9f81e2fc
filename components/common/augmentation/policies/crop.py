"""A random square of the picture, as large as the picture again.

Not for faults near the border: cut away, they leave a good part with a bad label.
"""

import functools
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from components.common.augmentation.policies._keras import random_view
from components.common.config import Section
from components.common.pictures.decode import Pixels, resize


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """edge: the square's edge, fraction of the picture's."""

    edge: Annotated[float, Field(gt=0, le=1)] = 0.9


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return one augmented view, uint8 [S, S, C]."""
    del number
    size = pixels.shape[0]
    return resize(random_view(_layer(max(1, round(size * options.edge))), pixels, rng), size)


@functools.cache
def _layer(edge_px: int) -> Any:
    import keras

    return keras.layers.RandomCrop(edge_px, edge_px, dtype="float32")
