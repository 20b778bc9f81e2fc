"""One model's versions: load what should be served, then drop what should not."""

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from tenacity import RetryCallState, Retrying, stop_after_attempt, wait_fixed

from serving.protocol.status import Code, StatusError, from_exception
from serving.server.flags import Flags
from serving.server.graph.servable import Servable
from serving.server.models.version_states import VersionRecord, VersionState, VersionStates

_LOG = logging.getLogger(__name__)

Load = Callable[[str, int, Path], Servable]


class ModelLoader:
    """A thread that moves a model towards its aspired versions.

    The highest missing version is loaded first. Before that, what was replaced is dropped: of the
    versions that are no longer aspired only the newest stays, and only until an aspired one is
    ready. So a model that gets versions faster than they load keeps one that answers beside the
    one that loads, not all of them. A version that is no longer aspired stops being retried, and
    one model's broken version never delays another model.
    """

    def __init__(self, model: str, *, load: Load, states: VersionStates, flags: Flags) -> None:
        self.model = model
        self._load = load
        self._states = states
        self._flags = flags
        self._changed = threading.Condition()
        self._aspired: dict[int, Path] | None = None
        self._failed: set[int] = set()
        self._stopping = False
        # Replaced as a whole, never changed in place: readers need no lock.
        self._ready: Mapping[int, Servable] = {}
        self._thread = threading.Thread(target=self._work, name=f"loader-{model}", daemon=True)
        self._thread.start()

    @property
    def ready(self) -> Mapping[int, Servable]:
        """Versions that answer now."""
        return self._ready

    def aspire(self, versions: Mapping[int, Path]) -> None:
        """Say which versions should be served from now on."""
        with self._changed:
            if self._aspired == versions:
                return
            self._aspired = dict(versions)
            # A failed version gets another chance once it has been away.
            self._failed &= set(versions)
            self._changed.notify_all()

    def stop(self) -> None:
        """Drop all versions and end the thread, without waiting for it."""
        with self._changed:
            self._aspired = {}
            self._stopping = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait until a stopped loader has dropped its versions."""
        self._thread.join()

    def has_failed(self) -> bool:
        """Return whether versions are aspired, none is ready, and all have failed."""
        with self._changed:
            return bool(self._aspired and not self._ready and set(self._aspired) <= self._failed)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next() is not None or self._finished())
                action = self._next()
            if action is None:
                return
            try:
                action()
            except Exception:
                # The loader must outlive any surprise, or the model would be stuck for ever.
                _LOG.exception("unexpected failure in the loader of %s", self.model)

    def _finished(self) -> bool:
        return self._stopping and not self._ready

    def _next(self) -> Callable[[], None] | None:
        if self._aspired is None:
            return None
        aspired = set(self._aspired)
        ready = set(self._ready)
        surplus = ready - aspired
        if aspired and not ready & aspired:
            surplus -= {max(ready, default=-1)}
        if surplus:
            version = min(surplus)
            return lambda: self._unload_one(version)
        missing = aspired - ready - self._failed
        if missing:
            version = max(missing)
            path = self._aspired[version]
            return lambda: self._load_one(version, path)
        return None

    def _is_aspired(self, version: int) -> bool:
        return self._aspired is not None and version in self._aspired

    def _load_one(self, version: int, path: Path) -> None:
        self._publish(version, VersionState.START)
        self._publish(version, VersionState.LOADING)
        try:
            servable = self._load_with_retries(version, path)
        except Exception as error:
            with self._changed:
                if self._is_aspired(version):
                    self._failed.add(version)
            self._publish(version, VersionState.END, _load_error(error))
            return
        self._ready = {**self._ready, version: servable}
        self._publish(version, VersionState.AVAILABLE)
        _LOG.info(
            "Successfully loaded servable version {name: %s version: %d}", self.model, version
        )

    def _load_with_retries(self, version: int, path: Path) -> Servable:
        def withdrawn() -> bool:
            return not self._is_aspired(version)

        def pause(seconds: float) -> None:
            with self._changed:
                if self._changed.wait_for(withdrawn, seconds):
                    raise StatusError(Code.CANCELLED, f"version {version} is no longer wanted")

        def log(state: RetryCallState) -> None:
            problem = state.outcome.exception() if state.outcome else None
            _LOG.warning(
                "attempt %d to load {name: %s version: %d} failed: %s",
                state.attempt_number,
                self.model,
                version,
                problem,
            )

        enough = stop_after_attempt(self._flags.max_num_load_retries + 1)
        repeat = Retrying(
            stop=lambda state: withdrawn() or enough(state),
            wait=wait_fixed(self._flags.load_retry_interval_micros / 1e6),
            sleep=pause,
            after=log,
            reraise=True,
        )
        return repeat(self._load, self.model, version, path)

    def _unload_one(self, version: int) -> None:
        servable = self._ready[version]
        self._publish(version, VersionState.UNLOADING)
        self._ready = {number: one for number, one in self._ready.items() if number != version}
        servable.close()
        self._publish(version, VersionState.END)
        _LOG.info("Done unloading servable version {name: %s version: %d}", self.model, version)

    def _publish(
        self, version: int, state: VersionState, problem: StatusError | None = None
    ) -> None:
        code, message = (problem.code, problem.message) if problem else (Code.OK, "")
        self._states.publish(self.model, VersionRecord(version, state, code, message))


def _load_error(error: Exception) -> StatusError:
    """Return a load's error; what is not TensorFlow's own is a file that cannot be used."""
    if isinstance(error, OSError) and not hasattr(error, "error_code"):
        return StatusError(Code.NOT_FOUND, f"Could not find SavedModel: {error}")
    if isinstance(error, (RuntimeError, ValueError, KeyError, TypeError)):
        return StatusError(Code.INVALID_ARGUMENT, f"{error}")
    return from_exception(error)
