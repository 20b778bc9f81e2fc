"""Settings of inspect."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class InspectConfig(Section):
    """Whether labels and groups are looked at before training.

    enabled: False skips the step, and with it the report's part on labels and groups.
    seed: deals the folds.
    """

    enabled: bool = True
    seed: Annotated[int, Field(ge=0)] = 0
