"""Stretches or squeezes each axis by itself, so that the sides' ratio changes.

Not for parts whose shape is what is judged (round or oval).
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest change of the scale along each axis."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.1


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomZoom(
        (-options.share, options.share),
        (-options.share, options.share),
        fill_mode="reflect",
        dtype="float32",
    )
