"""Start a model server as a process and talk to it over its two ports.

The command comes from the environment variable GRAFT_SERVER_COMMAND (shell words), so that the
conformance suite runs unchanged against the original:

    GRAFT_SERVER_COMMAND=tensorflow_model_server pytest tests/serving/server/conformance
"""

import contextlib
import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import tensorflow as tf
from local_servers import free_port
from tensorflow.core.framework import tensor_pb2
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

START_SECONDS = 180
REPOSITORY = Path(__file__).resolve().parents[3]


def server_command() -> list[str]:
    given = os.environ.get("GRAFT_SERVER_COMMAND", "")
    return shlex.split(given) if given else [sys.executable, "-m", "serving.server"]


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        return str(self.json()["error"])


class ServerProcess:
    """A running server, its two ports and its output."""

    def __init__(self, arguments: list[str], *, log: Path, rest: bool = True) -> None:
        self.port = free_port()
        self.rest_port = free_port()
        self.log = log
        self._ports = [self.port, self.rest_port] if rest else [self.port]
        ports = [f"--port={self.port}"]
        if rest:
            ports.append(f"--rest_api_port={self.rest_port}")
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*server_command(), *ports, *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
            )
        self._channel: grpc.Channel | None = None

    def wait_ready(self) -> "ServerProcess":
        """Wait for the ports: they open only after the first load."""
        wait_for(lambda: self.process.poll() is not None or self.listening(), self._tell)
        assert self.process.poll() is None, self._tell()
        return self

    def listening(self) -> bool:
        return all(map(_accepts, self._ports))

    def answers(self) -> bool:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.get("/v1/models").status > 0
        return False

    def _tell(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def channel(self) -> grpc.Channel:
        if self._channel is None:
            self._channel = grpc.insecure_channel(
                f"127.0.0.1:{self.port}",
                options=[
                    ("grpc.max_receive_message_length", -1),
                    ("grpc.max_send_message_length", -1),
                    ("grpc.enable_http_proxy", 0),
                ],
            )
        return self._channel

    @property
    def prediction(self) -> Any:
        return prediction_service_pb2_grpc.PredictionServiceStub(self.channel)

    @property
    def model_service(self) -> Any:
        return model_service_pb2_grpc.ModelServiceStub(self.channel)

    def request(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Send one HTTP request; anything but bytes or text is sent as JSON."""
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.rest_port, timeout=120)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            found = {key.lower(): value for key, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Answer:
        return self.request("GET", path)

    def post(self, path: str, body: Any) -> Answer:
        return self.request("POST", path, body)

    def predict_rest(
        self, signature: str, body: dict[str, Any], *, model: str = "kitchen"
    ) -> Answer:
        return self.post(f"/v1/models/{model}:predict", {"signature_name": signature, **body})

    def predict(
        self, signature: str = "", *, model: str = "kitchen", timeout: float = 60, **inputs: Any
    ) -> dict[str, Any]:
        """Call Predict over gRPC; return the outputs as arrays."""
        response = self.prediction.Predict(
            predict_request(signature, model=model, **inputs), timeout=timeout
        )
        return {name: tf.make_ndarray(proto) for name, proto in response.outputs.items()}

    def states(self, model: str) -> dict[int, str]:
        """Return version -> state name of a model, {} when it was never seen."""
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = model
        try:
            response = self.model_service.GetModelStatus(request, timeout=30)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return {}
            raise
        names = get_model_status_pb2.ModelVersionStatus.State.Name
        return {one.version: names(one.state) for one in response.model_version_status}

    def wait_states(self, model: str, wanted: dict[int, str]) -> None:
        wait_for(
            lambda: self.states(model) == wanted, lambda: f"{self.states(model)} {self._tell()}"
        )

    def reload(self, *models: dict[str, Any], timeout: float = 120) -> Any:
        """Send HandleReloadConfigRequest with these models and nothing else."""
        request = model_management_pb2.ReloadConfigRequest()
        request.config.model_config_list.SetInParent()
        for model in models:
            request.config.model_config_list.config.add(**{"model_platform": "tensorflow", **model})
        return self.model_service.HandleReloadConfigRequest(request, timeout=timeout)

    def stop(self) -> int:
        """End the server by SIGTERM, by SIGKILL if that does not help; return its status."""
        if self._channel is not None:
            self._channel.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(30)


def predict_request(signature: str = "", *, model: str = "kitchen", **inputs: Any) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        is_proto = isinstance(value, tensor_pb2.TensorProto)
        request.inputs[name].CopyFrom(value if is_proto else tf.make_tensor_proto(value))
    return request


def wait_for(
    condition: Callable[[], bool], tell: Callable[[], str], *, seconds: float = START_SECONDS
) -> None:
    """Ask until it holds; fail with what `tell` says."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, tell()
        time.sleep(0.02)


@contextlib.contextmanager
def running(arguments: list[str], *, log: Path, rest: bool = True) -> Iterator[ServerProcess]:
    """Run a server that becomes ready, and stop it."""
    server = ServerProcess(arguments, log=log, rest=rest)
    try:
        yield server.wait_ready()
    finally:
        server.stop()
