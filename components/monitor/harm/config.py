"""Section `monitor.harm` of a preset: when a loss of accuracy counts."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class HarmConfig(Section):
    """When a window is harmful, or harmless, without labels; between them the evidence is too thin.

    harmful_points: estimated loss of accuracy, in percentage points, from which it is harmful.
    harmless_points: estimated loss below which it is harmless.
    min_pictures: fewer answered pictures give no answer.
    min_labels: an audit with fewer labels is not used.
    """

    harmful_points: Annotated[float, Field(ge=-100, le=100)] = 5.0
    harmless_points: Annotated[float, Field(ge=-100, le=100)] = 1.0
    min_pictures: Annotated[int, Field(ge=2)] = 50
    min_labels: Annotated[int, Field(ge=2)] = 20
