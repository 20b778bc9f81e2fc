"""Adds to or takes from all grey levels.

Not where the exposure is held constant and the grey level is what is judged (burnt, faded, dead).
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest change, fraction of the full range (0.1 = 25 grey levels)."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.1


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomBrightness(options.share, dtype="float32")
