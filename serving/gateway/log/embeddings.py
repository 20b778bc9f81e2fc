"""Embeddings of a few pictures, asked of the model server after the answer went out.

Each costs the server about as much as a prediction. So they are sampled, limited in rate, asked
one after the other, and given up when the server has none to give.
"""

import logging
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np

from serving.client import Client, connect
from serving.client.error_messages import newest_available
from serving.client.retry import Retry
from serving.gateway.reading.predictions import Floats
from serving.gateway.reading.rows import Row

_LOG = logging.getLogger(__name__)
_MOST_WAITING = 16
_BURST = 4.0
_TIMEOUT_S = 30.0
_PAUSE_S = 60.0
_MOST_CLIENTS = 8

Ask = Callable[[str, int, bytes], Floats]


class Embeddings:
    """Samples rows and completes them.

    Args:
        ask: (model, version, encoded picture) -> float32 [D]; GraftError when there is none.
        share: of the pictures, in [0, 1].
        per_s: the most a second.
        counts: `embeddings_skipped` and `embeddings_failed` are counted there.
    """

    def __init__(self, ask: Ask, *, share: float, per_s: float, counts: Counter[str]) -> None:
        self._ask = ask
        self._share = share
        self._per_s = per_s
        self._counts = counts
        self._random = random.Random()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="embeddings")
        self._waiting: deque[tuple[Row, Future[Floats]]] = deque()
        self._tokens = _BURST
        self._filled_s = time.monotonic()
        self._paused_until_s = 0.0

    def offer(self, row: Row, picture: bytes) -> None:
        """Ask for a row's embedding if chance, rate and server allow; never waits."""
        if self._share <= 0 or self._random.random() >= self._share:
            return
        now = time.monotonic()
        self._tokens = min(_BURST, self._tokens + (now - self._filled_s) * self._per_s)
        self._filled_s = now
        busy = len(self._waiting) >= _MOST_WAITING or self._tokens < 1
        if busy or now < self._paused_until_s:
            self._counts["embeddings_skipped"] += 1
            return
        self._tokens -= 1
        asked = self._pool.submit(self._ask, row.model, row.version, picture)
        self._waiting.append((row, asked))

    def completed(self) -> list[Row]:
        """Return the rows whose embeddings have come since the last call."""
        rows = []
        while self._waiting and self._waiting[0][1].done():
            row, asked = self._waiting.popleft()
            try:
                rows.append(replace(row, embedding=asked.result()))
            except Exception as error:
                # Also what no client foresees: the log must outlive an odd server.
                self._failed(error)
        return rows

    def finish(self, *, timeout_s: float) -> list[Row]:
        """Wait for what was asked, for a time, and return the rows."""
        end = time.monotonic() + timeout_s
        while self._waiting and not self._waiting[-1][1].done() and time.monotonic() < end:
            time.sleep(0.02)
        self._pool.shutdown(wait=False, cancel_futures=True)
        return self.completed()

    def _failed(self, error: Exception) -> None:
        self._counts["embeddings_failed"] += 1
        if time.monotonic() >= self._paused_until_s:
            _LOG.warning("no embeddings for the next %g s: %s", _PAUSE_S, error)
        self._paused_until_s = time.monotonic() + _PAUSE_S


class ModelServer:
    """The model server that is asked for embeddings; the arguments are those of `connect`."""

    def __init__(self, address: str, ca_file: Path | None = None) -> None:
        self._address = address
        self._ca_file = ca_file
        self._clients: dict[tuple[str, int], Client] = {}

    def embedding(self, model: str, version: int, picture: bytes) -> Floats:
        """Return float32 [D] of one picture from the version that answered.

        Raises:
            GraftError: the model has no such signature, or the server does not answer.
        """
        key = (model, version)
        if key not in self._clients:
            while len(self._clients) >= _MOST_CLIENTS:
                self._clients.pop(next(iter(self._clients))).close()
            self._clients[key] = connect(
                self._address,
                model=model,
                timeout_s=_TIMEOUT_S,
                version=version or None,
                ca_file=self._ca_file,
            )
        values = self._clients[key].features([picture]).values
        return np.asarray(values[0], dtype=np.float32)


class NewestVersions:
    """Remembers for a second which version answers when none is asked for.

    Args:
        rest_url: of the model server, which is asked over REST and given half a second.
        ca_file: authorities, as for `connect`.
    """

    def __init__(self, rest_url: str, ca_file: Path | None = None) -> None:
        self._rest_url = rest_url
        self._ca_file = ca_file
        self._known: dict[str, tuple[float, int]] = {}

    def newest(self, model: str) -> int:
        """Return the version, 0 when it cannot be known now."""
        until_s, version = self._known.get(model, (0.0, 0))
        if time.monotonic() < until_s:
            return version
        memory_s, once = 1.0, Retry(attempts=1)
        try:
            with connect(
                self._rest_url, model=model, timeout_s=0.5, retry=once, ca_file=self._ca_file
            ) as client:
                version = newest_available(client.status()) or 0
        except Exception as error:
            # As for embeddings: whatever the server answers, the log goes on.
            _LOG.debug("no version of %s: %s", model, error)
            version, memory_s = 0, 5.0
        self._known[model] = (time.monotonic() + memory_s, version)
        return version
