"""Paler or stronger colours.

Not where the colour is what is judged (ripe, burnt, oxidised). Greyscale pictures stay as they are.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section

COLOUR_ONLY = True


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: 0 changes nothing, 0.5 reaches from a third of the saturation to three times of it."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.3


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomSaturation(
        (0.5 - options.share / 2, 0.5 + options.share / 2), dtype="float32"
    )
