"""Out of focus, by a Gaussian.

Not for fine faults (hairline cracks): they vanish while the label stays.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """sigma_px: largest deviation of the Gaussian, pixels; Keras' layer takes no more than 1."""

    sigma_px: Annotated[float, Field(gt=0, le=1)] = 1.0


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomGaussianBlur(
        (1.0, 1.0),
        kernel_size=5,
        sigma=options.sigma_px,
        dtype="float32",
    )
