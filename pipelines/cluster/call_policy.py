"""How long a call of Kubeflow Pipelines may take, and when it is made again."""

import logging
from dataclasses import dataclass

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)

from components.common.errors import ServerError
from pipelines.cluster.errors import ClusterRefusedError

LOG = logging.getLogger(__name__)

_BUSY = 429


@dataclass(frozen=True, kw_only=True)
class CallPolicy:
    """How long to wait for an answer, and how often to ask again.

    The waits double from `first_wait_s` up to `longest_wait_s`, with a random part, so that many
    clients do not come back at once.
    """

    timeout_s: int = 30
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 15.0

    def retrying(self, *, repeatable: bool) -> Retrying:
        """Return what asks again.

        Args:
            repeatable: also after an error that leaves open whether the server did something.
        """

        def again(error: BaseException) -> bool:
            if isinstance(error, ClusterRefusedError):
                return error.status == _BUSY
            return repeatable and isinstance(error, ServerError)

        return Retrying(
            retry=retry_if_exception(again),
            stop=stop_after_attempt(self.attempts),
            wait=wait_exponential_jitter(
                initial=self.first_wait_s, max=self.longest_wait_s, jitter=self.first_wait_s
            ),
            before_sleep=_log,
            reraise=True,
        )


def _log(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    LOG.warning("%s; asking again in %.1f s", error, state.upcoming_sleep)
