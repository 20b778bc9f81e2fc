"""The bounded queue between the request path and the log's process.

A socket pair: what does not fit its buffers yet waits in this process, up to a limit. Beyond it a
prediction is answered but not logged, and counted.
"""

import asyncio
import json
import logging
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping
from typing import cast

from components.common.warm.owner import child_environment
from serving.gateway.exchange import ServedExchange, frame
from serving.gateway.log import counters
from serving.gateway.proxy.metrics import GatewayMetrics
from serving.gateway.settings import MIB, GatewaySettings

_LOG = logging.getLogger(__name__)
_WARN_EVERY_S = 10.0
_RESTART_S = 1.0
_LONGEST_RESTART_S = 30.0
_SOCKET_BYTES = 1 << 20
_AFTER_S = 0.005
_LONGEST_START_S = 30.0
# It reports twice a second, but not while one prediction is read, which has a limit of its own.
_LONGEST_SILENCE_S = 60.0
_WATCH_EVERY_S = 1.0


class LogQueue(asyncio.Protocol):
    """Feeds the worker and never waits for it.

    A worker that dies, or does not report for a minute, is replaced. See `counters` for what is
    counted.
    """

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._limit_bytes = settings.queue_mib * MIB
        self._transport: asyncio.WriteTransport | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._own = counters.zeros(counters.QUEUE)
        self._earlier = counters.zeros(counters.WORKER)
        self._current: dict[str, int] = {}
        # When each prediction was sent that is not known to be written.
        self._unwritten_s: deque[float] = deque()
        self._written = 0
        self._newest_unix_s = 0.0
        self._heard_s = 0.0
        self._watching: asyncio.Task[None] | None = None
        self._text = b""
        self._warned = -_WARN_EVERY_S
        self._closing = False
        self._heard = asyncio.Event()
        self._restarting: asyncio.Task[None] | None = None
        self._pause_s = _RESTART_S

    async def start(self) -> None:
        """Start the worker."""
        mine, its = socket.socketpair()
        for end in (mine, its):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SOCKET_BYTES)
        # A process of its own: decoding pictures must not take turns with the request path.
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "serving.gateway.log",
                str(its.fileno()),
                self._settings.upstream,
                self._settings.upstream_grpc,
                str(self._settings.upstream_ca or ""),
                self._settings.log.to_json(),
            ],
            pass_fds=(its.fileno(),),
            env=child_environment(),
            stdin=subprocess.DEVNULL,
        )
        its.close()
        mine.setblocking(False)
        self._written, self._current, self._text = 0, {}, b""
        self._heard_s = time.monotonic()
        if self._watching is None:
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        await asyncio.get_running_loop().create_connection(lambda: self, sock=mine)

    async def wait_ready(self) -> None:
        """Wait until the worker has spoken: before that, a crash would cost more than a second.

        Not for long: without a log, predictions are still answered.
        """
        try:
            await asyncio.wait_for(self._heard.wait(), _LONGEST_START_S)
        except TimeoutError:
            _LOG.warning("the log's process is not there after %g s; going on", _LONGEST_START_S)

    def offer(self, exchange: ServedExchange) -> None:
        """Take an exchange; it is passed on a moment after its answer went out.

        By then a client's next request is with the model server, and this process has time.
        """
        self._own["offered"] += 1
        asyncio.get_running_loop().call_later(_AFTER_S, self._put, exchange)

    @property
    def waiting_bytes(self) -> int:
        """What waits in this process."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    @property
    def working(self) -> bool:
        """There is a worker."""
        return self._transport is not None

    def counts(self) -> Mapping[str, int]:
        """Return all counters, the worker's with those of its forerunners."""
        worker = {
            f"log_{name}": value + self._current.get(name, 0)
            for name, value in self._earlier.items()
        }
        return {**worker, **self._own}

    def show(self, metrics: GatewayMetrics) -> None:
        """Add what is known here to the metrics."""
        log_texts = {f"log_{name}": text for name, text in counters.WORKER.items()}
        metrics.counts({**counters.QUEUE, **log_texts}, self.counts)
        gauge = metrics.gauge
        waiting = "Predictions answered and not known to be written."
        gauge("queue_records", waiting, lambda: len(self._unwritten_s))
        gauge("queue_bytes", "Bytes that wait for the log process.", lambda: self.waiting_bytes)
        gauge("log_lag_seconds", "Age of the oldest of them.", self._lag_s)
        gauge("log_working", "1 when there is a log process.", lambda: self.working)
        gauge(
            "log_newest_record_timestamp_seconds",
            "Unix time of the newest prediction written.",
            lambda: self._newest_unix_s,
        )

    async def drain(self, *, timeout_s: float) -> None:
        """Send what waits, let the worker write it and end; end it when it takes too long."""
        await asyncio.sleep(2 * _AFTER_S)
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
        if self._transport is not None:
            # Buffered data is flushed first; the worker then reads the end of the stream.
            self._transport.write_eof()
        if self._process is None:
            return
        try:
            await asyncio.to_thread(self._process.wait, timeout_s)
        except subprocess.TimeoutExpired:
            _LOG.warning("the log's process has not finished within %g s; ending it", timeout_s)
            self._process.kill()
            self._process.wait()
        _LOG.info("the log's counters: %s", self.counts())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the worker's socket."""
        self._transport = cast("asyncio.WriteTransport", transport)
        # `_put` counts by itself; the transport's own pauses are not needed.
        self._transport.set_write_buffer_limits(high=self._limit_bytes)

    def data_received(self, data: bytes) -> None:
        """Take the worker's reports, a JSON object a line."""
        self._heard_s = time.monotonic()
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            try:
                report = json.loads(line)
            except ValueError:
                continue  # cut off by a worker that could not wait; the next one is whole
            self._current = report["counts"]
            for _ in range(report["written"] - self._written):
                self._unwritten_s.popleft()
            self._written = report["written"]
            self._newest_unix_s = max(self._newest_unix_s, report["newest_unix_s"])
            self._pause_s = _RESTART_S
            self._heard.set()

    def eof_received(self) -> None:
        """The worker is gone; the transport closes by itself."""

    def connection_lost(self, error: Exception | None) -> None:
        """Count what died with the worker, and start another."""
        self._transport = None
        self._earlier.update(self._current)
        self._current = {}
        if self._closing:
            return
        lost = len(self._unwritten_s)
        self._unwritten_s.clear()
        self._own["lost"] += lost
        self._own["worker_restarts"] += 1
        _LOG.warning("the log's process ended (%s); %d predictions were not logged", error, lost)
        self._restarting = asyncio.get_running_loop().create_task(self._restart())

    def _put(self, exchange: ServedExchange) -> None:
        """Pass an exchange on, or count it as dropped; returns at once."""
        pieces = frame(exchange)
        size = sum(map(len, pieces))
        if self._transport is None or self.waiting_bytes + size > self._limit_bytes:
            self._own["dropped"] += 1
            self._warn()
            return
        self._unwritten_s.append(time.monotonic())
        self._transport.writelines(pieces)

    def _lag_s(self) -> float:
        return time.monotonic() - self._unwritten_s[0] if self._unwritten_s else 0.0

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            silent_s = time.monotonic() - self._heard_s
            if self._transport is not None and silent_s > _LONGEST_SILENCE_S:
                _LOG.warning("the log's process has not reported for %.0f s; ending it", silent_s)
                assert self._process is not None
                self._process.kill()
                self._heard_s = time.monotonic()

    async def _restart(self) -> None:
        while not self._closing:
            await asyncio.sleep(self._pause_s)
            self._pause_s = min(_LONGEST_RESTART_S, self._pause_s * 2)
            try:
                if self._process is not None:
                    # It may still be writing what it has.
                    await asyncio.to_thread(self._process.wait)
                if not self._closing:
                    await self.start()
                return
            except OSError as error:
                _LOG.warning("the log's process cannot be started: %s", error)

    def _warn(self) -> None:
        if time.monotonic() - self._warned >= _WARN_EVERY_S:
            self._warned = time.monotonic()
            _LOG.warning(
                "the log cannot keep up: %d of %d predictions were answered but not logged",
                self._own["dropped"],
                self._own["offered"],
            )
