"""Sharpens or blurs by mixing with a 3 x 3 mean.

Not where the focus itself is judged.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: 0 changes nothing, 1 reaches from fully blurred to doubly sharp."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.5


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomSharpness(
        (0.5 - options.share / 2, 0.5 + options.share / 2), dtype="float32"
    )
