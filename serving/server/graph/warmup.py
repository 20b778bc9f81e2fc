"""Replay `assets.extra/tf_serving_warmup_requests` before a version becomes available."""

import logging
import time
from typing import Any

from serving.protocol.status import Code, StatusError, from_exception, invalid_argument
from serving.server import metrics
from serving.server.examples import classify, multi_inference, regress
from serving.server.graph.predict import predict
from serving.server.graph.servable import Servable

_LOG = logging.getLogger(__name__)

MAX_RECORDS = 1000
REQUESTS_FILE = "assets.extra/tf_serving_warmup_requests"


def warm_up(servable: Servable, *, iterations: int = 1) -> None:
    """Run the recorded requests of a version, `iterations` times each; no file is fine.

    Raises:
        StatusError: a record fails, is unreadable, or there are more than MAX_RECORDS; the
            version must then not be served.
    """
    file = servable.path / REQUESTS_FILE
    if not file.is_file():
        return
    begin = time.perf_counter()
    status = "OK"
    try:
        count = _replay(servable, str(file), max(1, iterations))
    except StatusError as error:
        status = error.code.name
        raise
    finally:
        metrics.warmup_latency(str(servable.path), status, time.perf_counter() - begin)
    _LOG.info("warmed up %s version %d with %d records", servable.model, servable.version, count)


def _replay(servable: Servable, path: str, iterations: int) -> int:
    from google.protobuf.message import DecodeError
    from tensorflow_serving.apis import prediction_log_pb2

    count = 0
    for record in _records(path):
        count += 1
        if count > MAX_RECORDS:
            raise invalid_argument(
                f"Number of warmup records exceeds the maximum ({MAX_RECORDS}) at {path}"
            )
        log = prediction_log_pb2.PredictionLog()
        try:
            log.ParseFromString(record)
        except DecodeError:
            raise invalid_argument(f"Failed to parse warmup record from {path}") from None
        for _ in range(iterations):
            _run(servable, log)
    return count


def _records(path: str) -> Any:
    import tensorflow as tf

    try:
        yield from tf.compat.v1.io.tf_record_iterator(path)
    except tf.errors.DataLossError as error:
        raise StatusError(
            Code.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from None


def _run(servable: Servable, log: Any) -> None:
    from tensorflow_serving.apis import (
        classification_pb2,
        inference_pb2,
        predict_pb2,
        regression_pb2,
    )

    calls = {
        "predict_log": (predict, predict_pb2.PredictResponse),
        "classify_log": (classify, classification_pb2.ClassificationResponse),
        "regress_log": (regress, regression_pb2.RegressionResponse),
        "multi_inference_log": (multi_inference, inference_pb2.MultiInferenceResponse),
    }
    kind = log.WhichOneof("log_type")
    if kind not in calls:
        raise StatusError(Code.UNIMPLEMENTED, f"Unsupported log_type for warmup: {kind}")
    answer, response_type = calls[kind]
    try:
        answer(servable, getattr(log, kind).request, response_type(), timeout_ms=0)
    except Exception as error:
        raise from_exception(error) from None
