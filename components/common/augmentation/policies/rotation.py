"""Turns by a small angle; what comes in at the corners is mirrored.

Not for parts whose tilt is what is judged.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """degrees: largest angle to either side."""

    degrees: Annotated[float, Field(ge=0, le=180)] = 5.0


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomRotation(
        options.degrees / 360.0, fill_mode="reflect", dtype="float32"
    )
