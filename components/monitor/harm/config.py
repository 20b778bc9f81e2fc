"""Settings of the harm estimate."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class HarmConfig(Section):
    """How the loss of accuracy is estimated.

    min_pictures: fewer answered pictures give no estimate.
    min_labels: an audit with fewer labels is not used.
    learning_pictures: held-out pictures that are corrupted when the reference is made; 0 learns
        nothing, and the estimators then stand uncorrected with a wide interval.
    """

    min_pictures: Annotated[int, Field(ge=2)] = 50
    min_labels: Annotated[int, Field(ge=2)] = 20
    learning_pictures: Annotated[int, Field(ge=0)] = 240
