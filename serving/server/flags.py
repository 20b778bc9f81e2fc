"""The flags of tensorflow_model_server: names, defaults and parsing rules."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from components.common.errors import ConfigError, expected


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Settings of one server process.

    Names, defaults and meanings are those of `model_servers/main.cc`. The flags that only make
    sense for the C++ build (TFLite, XLA, profiler, ALTS, TPU ...) are accepted and ignored, as
    listed in `IGNORED`. The last three are ours. For the two thread counts 0 means enough to
    keep the batches full (the original's default is four per processor).

    Attributes:
        host: address that both listeners bind to; the original binds to all.
        drain_seconds: how long requests in flight may take after SIGTERM.
        allow_remote_reload: whether HandleReloadConfigRequest works on a server that other
            machines can reach; it makes the server load whatever directory is named.
    """

    port: int = 8500
    grpc_socket_path: str = ""
    rest_api_port: int = 0
    rest_api_num_threads: int = 0
    rest_api_timeout_in_ms: int = 30000
    rest_api_enable_cors_support: bool = False
    enable_batching: bool = False
    batching_parameters_file: str = ""
    enable_per_model_batching_parameters: bool = False
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: int = 0
    model_name: str = "default"
    model_base_path: str = ""
    num_load_threads: int = 0
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    file_system_poll_wait_seconds: int = 1
    tensorflow_session_parallelism: int = 0
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    ssl_config_file: str = ""
    saved_model_tags: str = "serve"
    grpc_channel_arguments: str = ""
    grpc_max_threads: int = 0
    enable_model_warmup: bool = True
    num_request_iterations_for_warmup: int = 0
    monitoring_config_file: str = ""
    per_process_gpu_memory_fraction: float = 0.0
    enable_signature_method_name_check: bool = False
    enable_serialization_as_tensor_content: bool = False
    allow_version_labels_for_unavailable_models: bool = False
    enable_grpc_healthcheck_service: bool = False
    version: bool = False
    host: str = "127.0.0.1"
    drain_seconds: float = 30.0
    allow_remote_reload: bool = False


# Accepted, so that one command line serves both servers, but without effect here.
IGNORED: dict[str, type] = {
    "num_unload_threads": int,
    "flush_filesystem_caches": bool,
    "enable_profiler": bool,
    "remove_unused_fields_from_bundle_metagraph": bool,
    "tensorflow_session_config_file": str,
    "platform_config_file": str,
    "thread_pool_factory_config_file": str,
    "mixed_precision": str,
    "prefer_tflite_model": bool,
    "num_tflite_pools": int,
    "num_tflite_interpreters_per_pool": int,
    "xla_cpu_compilation_enabled": bool,
    "xla_gpu_compilation_enabled": bool,
    "use_alts_credentials": bool,
    "skip_initialize_tpu": bool,
    "enforce_session_run_timeout": bool,
    "enable_cors_support": bool,
    "force_allow_any_version_labels_for_unavailable_models": bool,
}

_TYPES: dict[str, type] = {
    field.name: field.type for field in dataclasses.fields(Flags) if isinstance(field.type, type)
}


@dataclass(frozen=True)
class ParsedFlags:
    """The settings, and the arguments that no flag claimed."""

    flags: Flags
    unknown: tuple[str, ...]


def parse_flags(arguments: Sequence[str]) -> ParsedFlags:
    """Parse a command line as TensorFlow's flag parser does.

    `--name=value`, `--name value` and, for booleans, bare `--name`; one or two dashes; the last
    one wins; an unknown argument is kept aside, never an error.

    Raises:
        ConfigError: a value is not of the flag's type.
    """
    values: dict[str, Any] = {}
    unknown: list[str] = []
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        name, has_value, text = argument.lstrip("-").partition("=")
        kind = _TYPES.get(name) or IGNORED.get(name)
        if kind is None or not argument.startswith("-"):
            unknown.append(argument)
            continue
        if not has_value:
            if kind is bool:
                text = "true"
            elif rest:
                text = rest.pop(0)
            else:
                raise _unreadable(name, kind, "nothing")
        value = _convert(name, kind, text)
        if name in _TYPES:
            values[name] = value
    return ParsedFlags(Flags(**values), tuple(unknown))


def _convert(name: str, kind: type, text: str) -> Any:
    if kind is bool:
        if text.lower() in {"true", "1"}:
            return True
        if text.lower() in {"false", "0"}:
            return False
        raise _unreadable(name, kind, text)
    try:
        return kind(text)
    except ValueError:
        raise _unreadable(name, kind, text) from None


def _unreadable(name: str, kind: type, text: str) -> ConfigError:
    return ConfigError(
        expected(f"--{name} of type {kind.__name__}", received=repr(text), do="correct the flag")
    )


def check_flags(flags: Flags) -> None:
    """Refuse combinations that the original refuses at start-up.

    Raises:
        ConfigError: with the original's wording where it has one.
    """
    if flags.port == 0 and not flags.grpc_socket_path:
        raise ConfigError("server_options.grpc_port is not set.")
    if flags.batching_parameters_file and not flags.enable_batching:
        raise ConfigError(
            "server_options.batching_parameters_file is set without setting "
            "server_options.enable_batching to true."
        )
    if (
        flags.tensorflow_session_parallelism
        and flags.tensorflow_intra_op_parallelism
        and flags.tensorflow_inter_op_parallelism
    ):
        raise ConfigError(
            expected(
                "either --tensorflow_session_parallelism or the intra and inter op flags",
                received="all three",
                do="drop --tensorflow_session_parallelism",
            )
        )


def usage() -> str:
    """Return the help text: every flag with its default."""
    lines = ["usage: python -m serving.server", "Flags:"]
    defaults = Flags()
    lines += [
        f"\t--{name}={getattr(defaults, name)!r}\t{kind.__name__}"
        for name, kind in sorted(_TYPES.items())
    ]
    lines += [
        f"\t--{name}\t{kind.__name__}, accepted and ignored"
        for name, kind in sorted(IGNORED.items())
    ]
    return "\n".join(lines) + "\n"
