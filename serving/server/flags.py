"""The command line: those flags of tensorflow_model_server that this server has."""

import argparse
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Settings of one server process.

    Names, defaults and meanings are those of `tensorflow_model_server`; the last three are ours,
    and so is that the two waits may be fractions of a second.

    Attributes:
        tensorflow_intra_op_parallelism: threads of one operation; with batching, 0 shares the
            processors between the batches, where the original gives all to each.
        host: address that both listeners bind to; the original binds to all.
        drain_seconds: how long requests in flight may take after SIGTERM.
        allow_remote_reload: whether HandleReloadConfigRequest works on a server that other
            machines can reach; it makes the server load whatever directory is named.
    """

    port: int = 8500
    rest_api_port: int = 0
    rest_api_timeout_in_ms: int = 30_000
    model_name: str = "default"
    model_base_path: str = ""
    model_config_file: str = ""
    model_config_file_poll_wait_seconds: float = 0.0
    file_system_poll_wait_seconds: float = 1.0
    max_num_load_retries: int = 5
    load_retry_interval_micros: int = 60_000_000
    enable_batching: bool = False
    batching_parameters_file: str = ""
    enable_model_warmup: bool = True
    allow_version_labels_for_unavailable_models: bool = False
    ssl_config_file: str = ""
    monitoring_config_file: str = ""
    enable_grpc_healthcheck_service: bool = False
    grpc_channel_arguments: str = ""
    tensorflow_session_config_file: str = ""
    tensorflow_intra_op_parallelism: int = 0
    tensorflow_inter_op_parallelism: int = 0
    per_process_gpu_memory_fraction: float = 0.0
    host: str = "127.0.0.1"
    drain_seconds: float = 30.0
    allow_remote_reload: bool = False


def parse_flags(arguments: Sequence[str]) -> Flags:
    """Parse a command line: `--name=value`, `--name value` and, for booleans, bare `--name`.

    An unknown flag, an unreadable value or a contradiction ends the process with status 2 and the
    usage, as `argparse` does.
    """
    parser = argparse.ArgumentParser(
        "python -m serving.server",
        description="A local model server that speaks TensorFlow Serving's APIs.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    for field in dataclasses.fields(Flags):
        name, default = f"--{field.name}", field.default
        if field.type is bool:
            parser.add_argument(
                name, type=_truth, nargs="?", const=True, default=default, help="true or false"
            )
        else:
            kind = type(default)
            parser.add_argument(name, type=kind, default=default, help=kind.__name__)
    flags = Flags(**vars(parser.parse_args(arguments)))
    problem = _contradiction(flags)
    if problem:
        parser.error(problem)
    return flags


def _truth(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in known:
        raise argparse.ArgumentTypeError(f"expected true or false, received '{text}'")
    return known[text.lower()]


def _contradiction(flags: Flags) -> str:
    if not flags.model_base_path and not flags.model_config_file:
        return "expected --model_base_path or --model_config_file, received neither"
    if flags.port == flags.rest_api_port:
        return f"expected two ports, received {flags.port} for gRPC and REST"
    if flags.batching_parameters_file and not flags.enable_batching:
        return "--batching_parameters_file is set without setting --enable_batching to true"
    return ""
