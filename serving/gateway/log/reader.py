"""The log process's side of the reading process: one exchange at a time, with a time limit.

A body that ends that process, or keeps it too long, costs its own details and nothing else: the
next exchange finds a fresh process, forked within milliseconds from one that has done nothing but
import.
"""

import logging
import math
import multiprocessing
import threading
import time
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from components.common.pictures.grey_range import FULL, GreyRange
from serving.gateway.exchange import ServedExchange
from serving.gateway.reading.child import Reading, serve
from serving.gateway.reading.records import bare_records

_LOG = logging.getLogger(__name__)
# With `--queue-mib` and `--in-flight-mib` at their defaults all processes stay below 1 GiB.
MEMORY_MIB = 384
# A request of the most pictures that are recorded, on a busy machine.
TIMEOUT_S = 30.0
_WATCH_EVERY_S = 0.2
_PRELOADED = "serving.gateway.log.worker"


class Reader:
    """Reads exchanges in a process that may die.

    Args:
        busy_statistics_share, grey_range: see `LogSettings`.
        memory_mib: what reading one exchange may take, in MiB.
        timeout_s: how long it may take, in seconds.
    """

    def __init__(
        self,
        *,
        busy_statistics_share: float,
        grey_range: GreyRange = FULL,
        memory_mib: int = MEMORY_MIB,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._arguments = (busy_statistics_share, grey_range, memory_mib)
        self._timeout_s = timeout_s
        self._context = multiprocessing.get_context("forkserver")
        # What the log's process has imported when it gets here, so that a fork need not.
        self._context.set_forkserver_preload([_PRELOADED])
        self._lock = threading.Lock()
        self._deadline_s = math.inf
        self._closed = threading.Event()
        self._connection: Connection
        # None where the last attempt to start one failed: the next prediction is another attempt.
        self._process: ForkServerProcess | None = None
        self._start()
        threading.Thread(target=self._watch, name="reading-limit", daemon=True).start()

    @property
    def process_id(self) -> int:
        """The process that reads now."""
        return self._process.pid or 0 if self._process is not None else 0

    def read(self, exchange: ServedExchange) -> Reading:
        """Return what an exchange says; what its head says if the process does not survive it."""
        if self._process is None:
            self._start()
        self._set_deadline(time.monotonic() + self._timeout_s)
        try:
            reading = self._ask(exchange)
        except (EOFError, OSError):
            reading = None
        finally:
            self._set_deadline(math.inf)
        if reading is None:
            self._replace()
            _LOG.warning("a prediction was too much for the reading process; it has a new one")
            return Reading(records=bare_records(exchange.head), counts={"reader_restarts": 1})
        if reading.last:
            self._replace()
        return reading

    def close(self) -> None:
        """End the process."""
        self._closed.set()
        self._stop()

    def _ask(self, exchange: ServedExchange) -> Reading:
        try:
            self._connection.send(exchange)
        except BrokenPipeError:
            # It ended while it had nothing to do, so this prediction has no part in that.
            self._replace()
            self._connection.send(exchange)
        reading = self._connection.recv()
        assert isinstance(reading, Reading)
        return reading

    def _set_deadline(self, deadline_s: float) -> None:
        with self._lock:
            self._deadline_s = deadline_s

    def _watch(self) -> None:
        while not self._closed.wait(_WATCH_EVERY_S):
            # Under the lock, so that it is never a process that has its answer out already.
            with self._lock:
                if self._process is not None and time.monotonic() > self._deadline_s:
                    self._process.kill()

    def _start(self) -> None:
        self._connection, other = self._context.Pipe()
        with other:
            process = self._context.Process(target=serve, args=(other, *self._arguments))
            process.start()
        self._process = process

    def _stop(self) -> None:
        self._connection.close()
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()
            process.close()

    def _replace(self) -> None:
        self._stop()
        self._start()
