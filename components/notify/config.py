"""Settings of the exit step."""

from dataclasses import dataclass

from components.common.config import Section


@dataclass(frozen=True, kw_only=True)
class NotifyConfig(Section):
    """What the summary tells.

    Attributes:
        log_summary: also write the summary to the log, line by line.
    """

    log_summary: bool = True
