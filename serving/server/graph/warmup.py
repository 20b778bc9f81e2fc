"""Replay `assets.extra/tf_serving_warmup_requests` before a version becomes available."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from serving.protocol.status import Code, StatusError, from_exception, invalid_argument
from serving.server import metrics
from serving.server.graph.predict import predict
from serving.server.graph.servable import Servable

_LOG = logging.getLogger(__name__)

MAX_RECORDS = 1000
# More than processors: records of one signature wait for its first run.
_THREADS = 4
REQUESTS_FILE = "assets.extra/tf_serving_warmup_requests"


def warm_up(servable: Servable) -> None:
    """Run the recorded Predict requests of a version; no file is fine.

    Raises:
        StatusError: a record fails, is unreadable or is no Predict, or there are more than
            MAX_RECORDS; the version must then not be served.
    """
    file = servable.path / REQUESTS_FILE
    if not file.is_file():
        return
    begin = time.perf_counter()
    status = "OK"
    try:
        count = _replay(servable, str(file))
    except StatusError as error:
        status = error.code.name
        raise
    finally:
        metrics.warmup_latency(str(servable.path), status, time.perf_counter() - begin)
    _LOG.info("warmed up %s version %d with %d records", servable.model, servable.version, count)


def _replay(servable: Servable, path: str) -> int:
    """Replay side by side: the first run of each signature optimises its graph on one processor."""
    records = enumerate(_records(path))
    lock = threading.Lock()

    def work() -> int:
        done = 0
        while True:
            # A file may be larger than the memory: each thread holds one record.
            with lock:
                number, record = next(records, (0, None))
            if record is None:
                return done
            if number >= MAX_RECORDS:
                raise invalid_argument(
                    f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}"
                )
            _replay_one(servable, record, path)
            done += 1

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="warm-up") as pool:
        running = [pool.submit(work) for _ in range(_THREADS)]
    return sum(one.result() for one in running)


def _replay_one(servable: Servable, record: bytes, path: str) -> None:
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    try:
        log = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError:
        raise invalid_argument(f"Failed to parse warmup record from {path}") from None
    kind = log.WhichOneof("log_type")
    if kind != "predict_log":
        raise StatusError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
    try:
        predict(servable, log.predict_log.request, predict_pb2.PredictResponse(), timeout_ms=0)
    except Exception as error:
        raise from_exception(error) from None


def _records(path: str) -> Iterator[bytes]:
    import tensorflow as tf

    try:
        yield from tf.compat.v1.io.tf_record_iterator(path)
    except tf.errors.DataLossError as error:
        raise StatusError(
            Code.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from None
