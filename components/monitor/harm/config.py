"""Settings of the harm estimate."""

from dataclasses import dataclass

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class HarmConfig(Section):
    """How the loss of accuracy is estimated."""
