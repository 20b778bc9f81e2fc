"""Servers that answer by a script."""

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import Any

import grpc
from local_servers import Quiet, answering

from serving.client.retry import Retry
from serving.protocol import wire_messages as wire

FAST = Retry(attempts=4, first_wait_s=0.01, longest_wait_s=0.02)
STATUS_BODY = json.dumps(
    {
        "model_version_status": [
            {"version": "1", "state": "AVAILABLE", "status": {"error_code": "OK"}}
        ]
    }
)
OUTPUTS_BODY = json.dumps(
    {"outputs": {"probabilities": [[0.5, 0.5]], "classes": ["a"], "decision": ["a"]}}
)
Script = Callable[[str, str, int], tuple[int, str]]


@contextlib.contextmanager
def http_server(
    script: Script, *, headers: list[dict[str, str]] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Serve what `script(method, path, number of the request)` says; `headers` get those sent."""
    asked: list[str] = []
    heard = [] if headers is None else headers

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(f"{self.command} {self.path}")
            heard.append({name.lower(): value for name, value in self.headers.items()})
            code, body = script(self.command, self.path, len(asked))
            if code == 0:
                self.close_connection = True
                return
            data = body.encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _answer  # noqa: N815

    with answering(Handler) as url:
        yield url, asked


@contextlib.contextmanager
def grpc_server(predict: Callable[[grpc.ServicerContext, int], Any]) -> Iterator[tuple[str, Any]]:
    """Serve what `predict(context, number of the request)` says."""
    asked: list[Any] = []

    def handle(request: Any, context: grpc.ServicerContext) -> Any:
        asked.append(request)
        return predict(context, len(asked))

    handler = grpc.method_handlers_generic_handler(
        "tensorflow.serving.PredictionService",
        {
            "Predict": grpc.unary_unary_rpc_method_handler(
                handle,
                request_deserializer=wire.PredictRequest.FromString,
                response_serializer=wire.PredictResponse.SerializeToString,
            )
        },
    )
    server = grpc.server(ThreadPoolExecutor(4), handlers=[handler])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", asked
    finally:
        server.stop(None).wait()


def grpc_answer(version: int = 1) -> Any:
    response = wire.PredictResponse()
    response.model_spec.version.value = version
    probabilities = response.outputs["probabilities"]
    probabilities.dtype = wire.DT_FLOAT
    probabilities.tensor_shape.dim.add(size=1)
    probabilities.tensor_shape.dim.add(size=2)
    probabilities.float_val.append(0.5)
    for name in ("classes", "decision"):
        response.outputs[name].dtype = wire.DT_STRING
        response.outputs[name].string_val.append(b"a")
    return response
