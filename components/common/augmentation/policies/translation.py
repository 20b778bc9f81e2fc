"""Moves along both axes; what comes in at the border is mirrored.

Not for parts whose place in the picture is what is judged, and where a fault lies near the border:
a mirrored fault is two.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """share: largest move along each axis, fraction of the edge."""

    share: Annotated[float, Field(ge=0, le=0.5)] = 0.05


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomTranslation(
        options.share, options.share, fill_mode="reflect", dtype="float32"
    )
