"""What kfp.local passes over in silence, made loud.

A condition or a loop that it cannot evaluate is skipped (an If together with its Else), and the
pipeline still succeeds (kfp 2.17.0, `enhanced_dag_orchestrator.py`). It says so in a warning only.
"""

import logging

from components.common.errors import GraftError

_SIGNS = ("Condition evaluation failed", "Could not resolve", "Unknown iterator", "Unknown items")


class SilenceListener(logging.Filter):
    """Keeps the warnings that mean that a branch was passed over; lets everything through.

    A filter, because kfp takes all handlers off the root logger while a pipeline runs.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep the record if it is one of those."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING and any(sign in text for sign in _SIGNS):
            self.heard.append(text)
        return True

    def check(self) -> None:
        """Fail where kfp did not.

        Raises:
            GraftError: a condition or a loop could not be evaluated, so that nothing was run.
        """
        if self.heard:
            raise GraftError(
                "kfp to evaluate every condition and loop",
                received=self.heard[0],
                do="report this: what a step returns for a condition must be a plain word",
            )


def listen() -> SilenceListener:
    """Start to listen to what kfp logs in this process."""
    listener = SilenceListener()
    logging.getLogger().addFilter(listener)
    return listener
