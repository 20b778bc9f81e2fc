"""What became of every version since the process started."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from serving.protocol.status import Code


class VersionState(IntEnum):
    """States of a version; the numbers are those of ModelVersionStatus.State."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionRecord:
    """State of one version, and why it ended there."""

    version: int
    state: VersionState
    code: Code = Code.OK
    message: str = ""


class VersionStates:
    """Thread-safe record of all versions ever seen, ended ones included."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._models: dict[str, dict[int, VersionRecord]] = {}

    def publish(self, model: str, status: VersionRecord) -> None:
        """Record a new state and wake whoever waits for one."""
        with self._changed:
            self._models.setdefault(model, {})[status.version] = status
            self._changed.notify_all()

    def of_model(self, model: str) -> list[VersionRecord]:
        """Return the model's versions, newest first."""
        with self._changed:
            versions = list(self._models.get(model, {}).values())
        return sorted(versions, key=lambda status: -status.version)

    def wait(self, condition: Callable[[], bool], *, timeout: float | None = None) -> bool:
        """Block until `condition` holds; it is asked again after each change."""
        with self._changed:
            return self._changed.wait_for(condition, timeout)
