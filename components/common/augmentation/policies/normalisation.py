"""The picture at one mean and one spread of grey levels, whatever the light was.

For light that varies: the views say that it means nothing. Not where the grey level is what is
judged. Served pictures stay as they are; the network's own scaling is in its graph in any case.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from components.common.config import Section
from components.common.pictures.decode import Pixels, rounded


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """mean, deviation: grey levels that every picture gets."""

    mean: Annotated[float, Field(ge=0, le=255)] = 128.0
    deviation: Annotated[float, Field(gt=0, le=128)] = 48.0


def view(pixels: Pixels, *, number: int, rng: np.random.Generator, options: Options) -> Pixels:
    """Return the picture in its one normalised form, uint8 [S, S, C]."""
    del number, rng
    centred = pixels.astype(np.float32) - pixels.mean(dtype=np.float32)
    gain = options.deviation / max(float(pixels.std()), 1.0)
    return rounded(centred * np.float32(gain) + np.float32(options.mean))
