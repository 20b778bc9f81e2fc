"""The log's process: exchanges in on a socket, files out.

    python -m serving.gateway.log FD REST_URL GRPC_ADDRESS CA_FILE SETTINGS

It ends when the gateway closes the socket, even by dying: then it writes what it has. It reads no
body itself, `reader` has a process for that. Each time it flushes it reports to the gateway, as one
line of JSON: `counts` (see `counters.WORKER`), how many predictions are `written`, and the time of
the newest of them, `newest_unix_s`.
"""

import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from components.common.artifacts.monitoring.prediction_log import model_log
from serving.gateway.exchange import ServedExchange, take_frames
from serving.gateway.log import counters
from serving.gateway.log.embeddings import Embeddings, ModelServer, NewestVersions
from serving.gateway.log.journal import writer_name
from serving.gateway.log.model_log import ModelLog
from serving.gateway.log.reader import Reader
from serving.gateway.reading.records import Record
from serving.gateway.reading.rows import Row
from serving.gateway.settings import LogSettings

_LOG = logging.getLogger(__name__)
_CHUNK_BYTES = 1 << 20
_TIDY_EVERY_S = 60.0
_LAST_EMBEDDINGS_S = 5.0
# The model server and the request path go first.
_NICENESS = 10


class Worker:
    """Takes, records, writes.

    Args:
        settings: of the log.
        stream: from the gateway.
        rest_url, grpc_address: the model server's; the latter may be "".
        ca_file: authorities that sign its certificate; None trusts the system's.
    """

    def __init__(
        self,
        settings: LogSettings,
        stream: socket.socket,
        *,
        rest_url: str,
        grpc_address: str,
        ca_file: Path | None,
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._counts = counters.zeros(counters.WORKER)
        self._added = self._written = 0
        self._newest_unix_s = self._newest_written_unix_s = 0.0
        self._writer = writer_name()
        self._logs: dict[str, ModelLog] = {}
        self._reader = Reader(
            busy_statistics_share=settings.busy_statistics_share, grey_range=settings.grey_range
        )
        self._embeddings = Embeddings(
            ModelServer(grpc_address or rest_url, ca_file).embedding,
            share=settings.embedding_share,
            per_s=settings.embeddings_per_s,
            counts=self._counts,
        )
        self._newest = NewestVersions(rest_url, ca_file).newest

    def run(self) -> None:
        """Work until the socket ends, then write everything out."""
        self._open_known()
        self._flush()  # says that we are there
        next_flush_s = time.monotonic()
        next_tidy_s = next_flush_s + _TIDY_EVERY_S
        for exchange in _exchanges(self._stream, wait_s=self._settings.flush_s / 2):
            if exchange is not None:
                self._record(exchange)
            now = time.monotonic()
            if now >= next_flush_s:
                self._flush()
                next_flush_s = now + self._settings.flush_s
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
        self._newest_unix_s = max(self._newest_unix_s, exchange.head.time_unix_s)
        try:
            reading = self._reader.read(exchange)
            self._counts.update(reading.counts)
            for record in reading.records:
                self._add(record, answered=exchange.head.answered)
        except Exception:
            # One odd exchange must not end the log.
            self._counts["failures"] += 1
            _LOG.exception("a prediction could not be logged")

    def _add(self, record: Record, *, answered: bool) -> None:
        row = record.row
        # Else strangers could fill the disk with folders of models that do not exist.
        if row.model not in self._logs and not answered:
            self._counts["unknown_model"] += 1
            return
        if answered and not row.version:
            row = replace(row, version=self._newest(row.model))
        self._log(row.model).add(replace(record, row=row))
        self._added += 1
        if record.suffix and answered:
            self._embeddings.offer(row, record.picture)

    def _add_embedded(self, rows: list[Row]) -> None:
        for row in rows:
            self._counts["embeddings"] += 1
            self._log(row.model).add_row(row)
            self._added += 1

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
        self._add_embedded(self._embeddings.completed())
        for log in self._logs.values():
            log.flush()
        if self._added == self._counts["rows"] + self._counts["rows_dropped"]:
            # Nothing waits for the disk.
            self._written = self._counts["received"]
            self._newest_written_unix_s = self._newest_unix_s
        report = {
            "counts": self._counts,
            "written": self._written,
            "newest_unix_s": self._newest_written_unix_s,
        }
        try:
            self._stream.sendall(json.dumps(report).encode() + b"\n")
        except OSError:
            # The gateway is gone; the end of the stream is near.
            return

    def _finish(self) -> None:
        self._reader.close()
        self._flush()
        self._add_embedded(self._embeddings.finish(timeout_s=_LAST_EMBEDDINGS_S))
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
        rest_url, grpc_address, ca_file, settings = sys.argv[2:]
        Worker(
            LogSettings.from_json(settings),
            stream,
            rest_url=rest_url,
            grpc_address=grpc_address,
            ca_file=Path(ca_file) if ca_file else None,
        ).run()
