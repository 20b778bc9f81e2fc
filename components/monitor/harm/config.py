"""Section `monitor.harm` of a preset: when a loss of accuracy is estimated."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class HarmConfig(Section):
    """How the loss of accuracy is estimated.

    min_pictures: fewer answered pictures give no estimate.
    min_labels: an audit with fewer labels is not used.
    """

    min_pictures: Annotated[int, Field(ge=2)] = 50
    min_labels: Annotated[int, Field(ge=2)] = 20
