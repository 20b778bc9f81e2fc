"""Turns the colour wheel.

Not where the colour is what is judged; a camera's colours drift far less than this layer can turn
them: see `colour_temperature`. Greyscale pictures stay as they are.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section

COLOUR_ONLY = True


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest turn, of half the wheel (0.1 = 18 degrees)."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.1


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomHue(options.share, dtype="float32")
