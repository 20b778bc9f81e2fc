"""Settings of the exit step."""

from dataclasses import dataclass

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class NotifyConfig(Section):
    """Nothing to set yet: the summary is always written."""
