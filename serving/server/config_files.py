"""The small text-format files: batching, monitoring, TLS, and the list of models.

The pip package ships the schema of the model list only; the other three schemas are declared
here, field for field and number for number, so that protobuf's own text parser reads them.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from google.protobuf import wrappers_pb2 as _wrappers

from components.common.errors import ConfigError

_INT64, _INT32, _BOOL, _STRING, _MESSAGE = 3, 5, 8, 9, 11
_INT64_VALUE = ".google.protobuf.Int64Value"
_BOOL_VALUE = ".google.protobuf.BoolValue"
_STRING_VALUE = ".google.protobuf.StringValue"


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


@dataclass(frozen=True, kw_only=True)
class MonitoringConfig:
    """Where the Prometheus text is served; `path` is "" when it is off."""

    path: str = ""


@dataclass(frozen=True, kw_only=True)
class SslConfig:
    """PEM texts (not paths) of the gRPC listener's key, certificate and client CA."""

    server_key: str
    server_cert: str
    custom_ca: str = ""
    client_verify: bool = False


def read_batching_parameters(path: str, *, default_threads: int) -> BatchingParameters:
    """Read a BatchingParameters file.

    Raises:
        ConfigError: the file is missing, malformed or contradicts itself.
    """
    message = _parse(path, "BatchingParameters")
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


def read_monitoring_config(path: str) -> MonitoringConfig:
    """Read a MonitoringConfig file; see `read_batching_parameters` for errors."""
    prometheus = _parse(path, "MonitoringConfig").prometheus_config
    if not prometheus.enable:
        return MonitoringConfig()
    return MonitoringConfig(path=prometheus.path or "/monitoring/prometheus/metrics")


def read_ssl_config(path: str) -> SslConfig:
    """Read an SSLConfig file; see `read_batching_parameters` for errors."""
    message = _parse(path, "SSLConfig")
    if not message.server_key or not message.server_cert:
        raise ConfigError(f"server_key and server_cert must be set in {path}")
    return SslConfig(
        server_key=message.server_key,
        server_cert=message.server_cert,
        custom_ca=message.custom_ca,
        client_verify=message.client_verify,
    )


def read_model_config(path: str) -> Any:
    """Read a ModelServerConfig protobuf.

    Raises:
        ConfigError: with the original's start-up message.
    """
    from tensorflow_serving.config import model_server_config_pb2

    return _parse_into(
        path, model_server_config_pb2.ModelServerConfig(), "tensorflow.serving.ModelServerConfig"
    )


def _parse(path: str, name: str) -> Any:
    return _parse_into(path, _schema()[name](), f"tensorflow.serving.{name}")


def _parse_into(path: str, message: Any, name: str) -> Any:
    try:
        return text_format.Parse(Path(path).read_text(encoding="utf-8"), message)
    except (OSError, UnicodeDecodeError, text_format.ParseError) as error:
        raise ConfigError(f"Error parsing text-format {name}: {path}: {error}") from None


@cache
def _schema() -> dict[str, Any]:
    """Declare the three messages in a pool of their own, so no other library can clash."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(_wrappers.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(
        name="server_config_files.proto",
        package="tensorflow.serving",
        syntax="proto3",
        dependency=["google/protobuf/wrappers.proto"],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, (field, kind, type_name) in fields.items():
            repeated = field == "allowed_batch_sizes"
            added = message.field.add(
                name=field, number=number, type=kind, label=3 if repeated else 1
            )
            if type_name:
                added.type_name = type_name
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(
            pool.FindMessageTypeByName(f"tensorflow.serving.{name}")
        )
        for name in _MESSAGES
    }


# session_bundle_config.proto, monitoring_config.proto, ssl_config.proto
_MESSAGES: dict[str, dict[int, tuple[str, Any, str]]] = {
    "BatchingParameters": {
        1: ("max_batch_size", _MESSAGE, _INT64_VALUE),
        2: ("batch_timeout_micros", _MESSAGE, _INT64_VALUE),
        3: ("max_enqueued_batches", _MESSAGE, _INT64_VALUE),
        4: ("num_batch_threads", _MESSAGE, _INT64_VALUE),
        5: ("thread_pool_name", _MESSAGE, _STRING_VALUE),
        6: ("allowed_batch_sizes", _INT64, ""),
        7: ("pad_variable_length_inputs", _BOOL, ""),
        8: ("enable_large_batch_splitting", _MESSAGE, _BOOL_VALUE),
        9: ("max_execution_batch_size", _MESSAGE, _INT64_VALUE),
    },
    "PrometheusConfig": {1: ("enable", _BOOL, ""), 2: ("path", _STRING, "")},
    "MonitoringConfig": {
        1: ("prometheus_config", _MESSAGE, ".tensorflow.serving.PrometheusConfig")
    },
    "SSLConfig": {
        1: ("server_key", _STRING, ""),
        2: ("server_cert", _STRING, ""),
        3: ("custom_ca", _STRING, ""),
        4: ("client_verify", _BOOL, ""),
    },
}
