"""Hides a rectangle behind noise (Zhong et al. 2017, arXiv:1708.04896).

Not for small faults: one that is hidden leaves a good part with a bad label.
"""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class Options(Section):
    """area: largest share of the picture that is hidden."""

    area: Annotated[float, Field(gt=0.02, le=1)] = 0.1


def layer(options: Options) -> Any:
    """Return Keras' layer."""
    import keras

    return keras.layers.RandomErasing((1.0, 1.0), scale=(0.02, options.area), dtype="float32")
