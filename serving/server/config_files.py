"""The small text-format files: batching, monitoring, TLS, the session, and the list of models.

The packages ship the schemas of the model list and of the session only; the other three are
written down here, number for number, so that protobuf's own text parser reads them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from components.common.errors import ConfigError
from serving.protocol.protobuf_schemas import Schemas, message_classes

_INT = "google.protobuf.Int64Value"
# session_bundle_config.proto, monitoring_config.proto, ssl_config.proto
_SCHEMAS: Schemas = {
    "tensorflow.serving.BatchingParameters": {
        "max_batch_size": (1, _INT),
        "batch_timeout_micros": (2, _INT),
        "max_enqueued_batches": (3, _INT),
        "num_batch_threads": (4, _INT),
        "thread_pool_name": (5, "google.protobuf.StringValue"),
        "allowed_batch_sizes": (6, "*int64"),
        "pad_variable_length_inputs": (7, "bool"),
        "enable_large_batch_splitting": (8, "google.protobuf.BoolValue"),
        "max_execution_batch_size": (9, _INT),
    },
    "tensorflow.serving.PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "tensorflow.serving.MonitoringConfig": {
        "prometheus_config": (1, "tensorflow.serving.PrometheusConfig")
    },
    "tensorflow.serving.SSLConfig": {
        "server_key": (1, "string"),
        "server_cert": (2, "string"),
        "custom_ca": (3, "string"),
        "client_verify": (4, "bool"),
    },
}
_CLASSES = message_classes(_SCHEMAS)


@dataclass(frozen=True, kw_only=True)
class BatchingParameters:
    """How requests are gathered; defaults of batching_session.h.

    Attributes:
        max_batch_size: rows in one run of the graph.
        batch_timeout_micros: longest wait for companions, in microseconds.
        max_enqueued_batches: full batches that may wait before requests get UNAVAILABLE.
        num_batch_threads: batches that run at the same time.
        allowed_batch_sizes: sizes to pad to, increasing, the last equal to max_batch_size.
        enable_large_batch_splitting: whether a request above max_batch_size is split.
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = 1
    allowed_batch_sizes: tuple[int, ...] = ()
    enable_large_batch_splitting: bool = False


def read_batching_parameters(path: str, *, default_threads: int) -> BatchingParameters:
    """Read a BatchingParameters file.

    Raises:
        ConfigError: the file is missing, malformed or contradicts itself.
    """
    message = _parse(path, _CLASSES["tensorflow.serving.BatchingParameters"]())
    named = {
        name: getattr(message, name).value
        for name in (
            "max_batch_size",
            "batch_timeout_micros",
            "max_enqueued_batches",
            "num_batch_threads",
            "enable_large_batch_splitting",
        )
        if message.HasField(name)
    }
    named.setdefault("num_batch_threads", default_threads)
    sizes = tuple(message.allowed_batch_sizes)
    parameters = BatchingParameters(allowed_batch_sizes=sizes, **named)
    if parameters.max_batch_size < 1 or parameters.num_batch_threads < 1:
        raise ConfigError(f"max_batch_size and num_batch_threads must be positive in {path}")
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != parameters.max_batch_size):
        raise ConfigError(
            f"Last entry in allowed_batch_sizes must match max_batch_size, increasing; last was "
            f"{sizes[-1]}; expected {parameters.max_batch_size}"
        )
    return parameters


def read_metrics_path(path: str) -> str:
    """Return where a MonitoringConfig file wants the metrics, "" for nowhere.

    Raises:
        ConfigError: see `read_batching_parameters`.
    """
    prometheus = _parse(path, _CLASSES["tensorflow.serving.MonitoringConfig"]()).prometheus_config
    if not prometheus.enable:
        return ""
    return prometheus.path or "/monitoring/prometheus/metrics"


def read_ssl_config(path: str) -> Any:
    """Read an SSLConfig file: PEM texts (not paths) of key, certificate and client CA.

    Raises:
        ConfigError: see `read_batching_parameters`; the key or the certificate is missing.
    """
    message = _parse(path, _CLASSES["tensorflow.serving.SSLConfig"]())
    if not message.server_key or not message.server_cert:
        raise ConfigError(f"server_key and server_cert must be set in {path}")
    return message


def read_model_config(path: str) -> Any:
    """Read a ModelServerConfig protobuf.

    Raises:
        ConfigError: with the original's start-up message.
    """
    from tensorflow_serving.config import model_server_config_pb2

    return _parse(path, model_server_config_pb2.ModelServerConfig())


def read_session_config(path: str) -> Any:
    """Read a ConfigProto: how TensorFlow runs a graph.

    Raises:
        ConfigError: see `read_batching_parameters`.
    """
    from tensorflow.core.protobuf import config_pb2

    return _parse(path, config_pb2.ConfigProto())


def _parse(path: str, message: Any) -> Any:
    try:
        return text_format.Parse(Path(path).read_text(encoding="utf-8"), message)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        name = message.DESCRIPTOR.full_name
        raise ConfigError(f"Error parsing text-format {name}: {path}: {error}") from None
