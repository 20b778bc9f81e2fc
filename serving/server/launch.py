"""Start a model server on this machine and hold it for as long as it is needed."""

import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from components.common.errors import ConfigError, ServerError
from components.common.warm.owner import child_environment, interpreter
from serving.client.rest_client import RestClient
from serving.client.retry import Retry

LOG = logging.getLogger(__name__)

LOCAL_SERVER = "serving.server"
# Shows metrics, by which clients know the models' names too.
MONITORING_CONFIG = Path(__file__).parents[1] / "config" / "monitoring.config"
HOST = "127.0.0.1"
GRACE_S = 30.0
LOG_LINES = 15


@dataclass(frozen=True)
class RunningServer:
    """A server that answers: `grpc_address` is HOST:PORT, `rest_url` http://HOST:PORT.

    As a context manager it is stopped at the end of the block.
    """

    grpc_address: str
    rest_url: str
    process: subprocess.Popen[bytes]
    log_path: Path

    def stop(self, *, grace_s: float = GRACE_S) -> None:
        """Ask the server to finish (SIGTERM), wait, and end it if it has not by `grace_s`."""
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=grace_s)
        except subprocess.TimeoutExpired:
            LOG.warning("the model server did not finish within %g s; ending it", grace_s)
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Self:
        """Use the server for the length of a block."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Stop it."""
        self.stop()


def launch(
    model_name: str,
    *,
    base_path: Path,
    log_path: Path,
    timeout_s: float = 120.0,
    flags: Sequence[str] = (),
    command: Sequence[str] = (),
) -> RunningServer:
    """Start a server on free ports of loopback; return once a version of the model answers.

    Args:
        model_name: the name clients ask for.
        base_path: the folder that holds the version folders `1/`, `2/`, ...
        log_path: where the server's output goes.
        timeout_s: how long loading may take, in seconds.
        flags: more flags of TensorFlow Serving.
        command: how to start the server, by default ours; the real `tensorflow_model_server` fits
            as well.

    Raises:
        ConfigError: the base path is not a folder.
        ServerError: the server ended, or no version became available in time.
    """
    if not base_path.is_dir():
        raise ConfigError(
            "a folder with model versions", received=str(base_path), do="export one first"
        )
    grpc_port, rest_port = _free_ports()
    log_path.parent.mkdir(parents=True, exist_ok=True)
    argv = [
        *(command or (*interpreter([LOCAL_SERVER]), "-m", LOCAL_SERVER)),
        f"--model_name={model_name}",
        f"--model_base_path={base_path.resolve()}",
        f"--port={grpc_port}",
        f"--rest_api_port={rest_port}",
        "--file_system_poll_wait_seconds=1",
        *flags,
    ]
    # This very package comes first on the path, wherever we were started.
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = child_environment() | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
    server = RunningServer(f"{HOST}:{grpc_port}", f"http://{HOST}:{rest_port}", process, log_path)
    try:
        _wait(server, model_name, timeout_s=timeout_s)
    except BaseException:
        server.stop(grace_s=5.0)
        raise
    return server


def _free_ports() -> tuple[int, int]:
    """Return two ports that are free now; both are held until both are chosen."""
    with socket.create_server((HOST, 0)) as one, socket.create_server((HOST, 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _wait(server: RunningServer, model_name: str, *, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    problem = ""
    grpc = (HOST, int(server.grpc_address.rpartition(":")[2]))
    with RestClient(
        server.rest_url, model=model_name, timeout_s=5.0, retry=Retry(attempts=1)
    ) as client:
        while time.monotonic() < deadline:
            if server.process.poll() is not None:
                raise ServerError(
                    "the model server to start",
                    received=f"its end with code {server.process.returncode}",
                    do=f"look at its last words:\n{last_lines(server.log_path)}",
                )
            try:
                client.wait_until_available(timeout_s=0)
                socket.create_connection(grpc, timeout=1.0).close()
            except (ServerError, OSError) as error:
                problem = str(error)
                time.sleep(0.05)
            else:
                return
    raise ServerError(
        f"a version of model `{model_name}` to load within {timeout_s:g} s",
        received=problem,
        do=f"look at the server's log:\n{last_lines(server.log_path)}",
    )


def last_lines(log_path: Path) -> str:
    """Return the end of a log, for a message."""
    lines = log_path.read_text(errors="replace").splitlines()
    return "\n".join(lines[-LOG_LINES:])
