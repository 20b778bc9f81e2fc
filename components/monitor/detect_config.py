"""Settings of the detectors."""

from dataclasses import dataclass

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class DetectConfig(Section):
    """Which detectors look, and how often they may be wrong."""
