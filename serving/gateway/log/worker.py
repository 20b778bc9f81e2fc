"""The log's process: exchanges in on a socket, files out.

    python -m serving.gateway.log.worker FD REST_URL GRPC_ADDRESS SETTINGS

It ends when the gateway closes the socket, even by dying: then it writes what it has. Each time it
flushes it tells the gateway its counters, as one line of JSON:

    received, rows, rows_dropped, write_failures, pictures, unreadable_requests,
    unreadable_answers, unknown_model, unusable_model_name, undecodable, statistics_skipped,
    embeddings, embeddings_skipped, embeddings_failed, failures
"""

import json
import logging
import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator

from components.common.artifacts.monitoring.prediction_log import model_log
from serving.gateway.exchange import ServedExchange, take_frames
from serving.gateway.log.embeddings import Embeddings, ModelServer, NewestVersions
from serving.gateway.log.journal import writer_name
from serving.gateway.log.model_log import ModelLog
from serving.gateway.reading.records import Recorder
from serving.gateway.reading.statistics_budget import StatisticsBudget
from serving.gateway.settings import LogSettings

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 20
_TIDY_EVERY_S = 60.0
_LOOK_EVERY_S = 1.0
_LAST_EMBEDDINGS_S = 5.0
# The model server and the request path go first.
_NICENESS = 10


class Worker:
    """Reads, records, writes; the addresses are the model server's, `grpc_address` may be ""."""

    def __init__(
        self, settings: LogSettings, stream: socket.socket, *, rest_url: str, grpc_address: str
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._counts: Counter[str] = Counter(received=0, rows=0)
        self._writer = writer_name()
        self._logs: dict[str, ModelLog] = {}
        self._budget = StatisticsBudget(settings.busy_statistics_share)
        self._embeddings = Embeddings(
            ModelServer(grpc_address or rest_url).embedding,
            share=settings.embedding_share,
            per_s=settings.embeddings_per_s,
            counts=self._counts,
        )
        newest = NewestVersions(rest_url).newest
        self._recorder = Recorder(budget=self._budget, newest=newest, counts=self._counts)

    def run(self) -> None:
        """Work until the socket ends, then write everything out."""
        self._open_known()
        self._flush()  # says that we are there
        next_flush_s = next_look_s = time.monotonic()
        next_tidy_s = next_flush_s + _TIDY_EVERY_S
        for exchange in _exchanges(self._stream, wait_s=self._settings.flush_s / 2):
            if exchange is not None:
                self._record(exchange)
            now = time.monotonic()
            if now >= next_flush_s:
                self._flush()
                next_flush_s = now + self._settings.flush_s
            if now >= next_look_s:
                self._budget.look()
                next_look_s = now + _LOOK_EVERY_S
            if now >= next_tidy_s:
                for log in self._logs.values():
                    log.tidy()
                next_tidy_s = now + _TIDY_EVERY_S
        self._finish()

    def _open_known(self) -> None:
        """Open the logs that are there, so that dead writers' journals become parts now."""
        folder = self._settings.folder
        try:
            models = [path.name for path in folder.iterdir() if path.is_dir()]
        except OSError:
            return
        for model in models:
            self._log(model)

    def _record(self, exchange: ServedExchange) -> None:
        self._counts["received"] += 1
        try:
            records = self._recorder.records(exchange)
            for record in records:
                row = record.row
                # Else strangers could fill the disk with folders of models that do not exist.
                if row.model not in self._logs and not exchange.head.answered:
                    self._counts["unknown_model"] += 1
                    continue
                self._log(row.model).add(record)
                if record.suffix and exchange.head.answered:
                    self._embeddings.offer(row, record.picture)
        except Exception:
            # One odd exchange must not end the log.
            self._counts["failures"] += 1
            _LOG.exception("a prediction could not be logged")

    def _log(self, model: str) -> ModelLog:
        if model not in self._logs:
            self._logs[model] = ModelLog(
                model_log(self._settings.folder, model),
                writer=self._writer,
                settings=self._settings,
                counts=self._counts,
            )
        return self._logs[model]

    def _flush(self) -> None:
        for row in self._embeddings.completed():
            self._counts["embeddings"] += 1
            self._log(row.model).add_row(row)
        for log in self._logs.values():
            log.flush()
        try:
            self._stream.sendall(json.dumps(self._counts).encode() + b"\n")
        except OSError:
            # The gateway is gone; the end of the stream is near.
            return

    def _finish(self) -> None:
        self._flush()
        for row in self._embeddings.finish(timeout_s=_LAST_EMBEDDINGS_S):
            self._log(row.model).add_row(row)
        for log in self._logs.values():
            log.close()


def _exchanges(stream: socket.socket, *, wait_s: float) -> Iterator[ServedExchange | None]:
    """Yield exchanges until the stream ends, and None at least every `wait_s` seconds."""
    stream.settimeout(wait_s)
    buffer = bytearray()
    chunk = bytearray(_CHUNK_BYTES)
    while True:
        try:
            size = stream.recv_into(chunk)
        except TimeoutError:
            yield None
            continue
        except OSError:
            return
        if not size:
            return
        buffer += memoryview(chunk)[:size]
        yield from take_frames(buffer)
        yield None


def main() -> None:
    """Run in the foreground; the gateway decides when it is over."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # Ctrl-C and a process group's SIGTERM reach this process too: the socket's end is our sign.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.nice(_NICENESS)
    with socket.socket(fileno=int(sys.argv[1])) as stream:
        settings = LogSettings.from_json(sys.argv[4])
        Worker(settings, stream, rest_url=sys.argv[2], grpc_address=sys.argv[3]).run()


if __name__ == "__main__":
    main()
    logging.shutdown()
    # A thread that still waits for an embedding must not hold the end up.
    os._exit(0)
