"""Nearer or farther, both axes alike; what comes in at the border is mirrored.

Not for parts whose size is what is judged.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest change of the scale (0.1 = 10 % nearer to 10 % farther)."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.1


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomZoom(
        (-options.share, options.share), fill_mode="reflect", dtype="float32"
    )
