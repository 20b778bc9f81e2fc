"""ZCA whitening within a picture: neighbours no longer foretell each other, edges stand out.

Each pixel is what its neighbourhood does not explain (Bell and Sejnowski 1997, Vision Research
37:3327), learnt from the picture's own patches. Not for pretrained networks, which have seen
photographs and not edges; it is for training from scratch, and for uneven light.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from threadpoolctl import threadpool_limits

from components.common.config import Section
from components.common.pictures.decode import Pixels, rounded
from components.common.statistics.whitening import learn_whitening

_PATCH_PX = 5
_LEARN_EVERY = 7
_DEVIATION = 48.0


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """floor: of the mean variance, added to all: a larger one leaves more of the picture."""

    floor: Annotated[float, Field(gt=0, le=10)] = 0.1


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return the picture in its one whitened form, uint8 [S, S, C]."""
    del number, rng
    size, channels, reach = pixels.shape[0], pixels.shape[-1], _PATCH_PX // 2
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), mode="symmetric")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (_PATCH_PX, _PATCH_PX), axis=(0, 1))
    patches = windows.reshape(size * size, channels * _PATCH_PX**2).astype(np.float32)
    # Neighbouring patches are nearly alike, so that some are enough to learn from.
    middle = np.arange(channels) * _PATCH_PX**2 + _PATCH_PX**2 // 2
    # Products this small are slower on several threads, and views are made by several already.
    with threadpool_limits(1):
        learnt = learn_whitening(patches[::_LEARN_EVERY], floor=options.floor)
        whitened = (patches - learnt.centre) @ learnt.axes[:, middle]
    gain = np.float32(_DEVIATION / max(float(whitened.std()), 1e-6))
    return rounded(np.float32(128) + gain * whitened.reshape(size, size, channels))
