"""Settings of the policy."""

from dataclasses import dataclass

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class PolicyConfig(Section):
    """When a drift is left alone, shown to a person, or answered by training."""
