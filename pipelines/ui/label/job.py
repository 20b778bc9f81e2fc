"""Work that takes longer than a page: one thing at a time, in a thread, with its progress."""

import logging
import threading
from collections.abc import Callable
from typing import Literal

from components.common.errors import GraftError
from components.common.progress import Progress, listening
from pipelines.data.labels import Added

LOG = logging.getLogger(__name__)

JobKind = Literal["fill", "hand_in"]


class LabelJob:
    """What is being done, how far it is, and how it ended.

    Nothing is lost when the console ends meanwhile: queue and data set appear by rename.
    """

    def __init__(self, kind: JobKind, work: Callable[[], int | Added]) -> None:
        """Make a job of the work; `start` begins it."""
        self.kind = kind
        self.progress = Progress("", 0, 0)
        self.error = ""
        self.result: int | Added | None = None
        self._work = work
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin; once only."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def wait(self) -> None:
        """Return when it has ended."""
        self._thread.join()

    def _run(self) -> None:
        try:
            with listening(self._note):
                self.result = self._work()
        except GraftError as error:
            self.error = str(error)
        except Exception as error:
            LOG.exception("%s failed", self.kind)
            self.error = f"{type(error).__name__}: {error}"

    def _note(self, progress: Progress) -> None:
        self.progress = progress
