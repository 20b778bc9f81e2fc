"""Spreads or narrows the grey levels about the picture's mean.

Not where faults are faint: less contrast hides them while the label stays.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest change of the spread (0.2 = x 0.8 .. 1.2)."""

    share: Annotated[float, Field(ge=0, lt=1)] = 0.2


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomContrast(options.share, dtype="float32")
