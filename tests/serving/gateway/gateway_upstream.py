"""Model servers that know one answer, over REST and gRPC; TensorFlow would only be slow."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import grpc
import local_servers
from bright_model import png

from serving.protocol import wire_messages as wire

PATH = "/v1/models/m:predict"
BODY = json.dumps({"instances": [{"b64": base64.b64encode(png(77)).decode()}]}).encode()
ANSWER = json.dumps({"predictions": [{"probabilities": [0.25, 0.75], "decision": "up"}]}).encode()


class _Handler(local_servers.Quiet, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        seen: list[dict[str, str]] = self.server.seen  # type: ignore[attr-defined]
        seen.append({key.lower(): value for key, value in self.headers.items()})
        assert self.server.free.wait(120)  # type: ignore[attr-defined]
        with suppress(OSError):  # a client that has given up
            self._answer(ANSWER)
        # Without a word: the client believes that the connection is kept.
        self.close_connection = self.server.hangs_up  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        version = {"version": "7", "state": "AVAILABLE", "status": {}}
        self._answer(json.dumps({"model_version_status": [version]}).encode())


class Upstream:
    """A model server that knows one answer; TensorFlow would only make these tests slow."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self.seen: list[dict[str, str]] = []
        self.free = threading.Event()
        self.free.set()
        server.seen = self.seen  # type: ignore[attr-defined]
        server.free = self.free  # type: ignore[attr-defined]
        self.hang_up(False)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def hang_up(self, does: bool) -> None:
        """Close each connection after its answer, without a word."""
        self._server.hangs_up = does  # type: ignore[attr-defined]

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Take requests and answer none until the block ends."""
        self.free.clear()
        try:
            yield
        finally:
            self.free.set()


@contextmanager
def serving_upstream(port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with local_servers.running(server):
        yield Upstream(server)


def grpc_request(*pictures: bytes) -> bytes:
    """A request for the model `m`."""
    request = wire.PredictRequest()
    request.model_spec.name = "m"
    tensor = request.inputs["image_bytes"]
    tensor.dtype = wire.DT_STRING
    tensor.tensor_shape.dim.add(size=len(pictures))
    tensor.string_val.extend(pictures)
    return bytes(request.SerializeToString())


def grpc_answer() -> bytes:
    """Scores of one picture, by version 7."""
    response = wire.PredictResponse()
    response.model_spec.name, response.model_spec.version.value = "m", 7
    scores = response.outputs["probabilities"]
    scores.dtype = wire.DT_FLOAT
    for size in (1, 2):
        scores.tensor_shape.dim.add(size=size)
    scores.float_val.extend([0.25, 0.75])
    for name in ("classes", "decision"):
        names = response.outputs[name]
        names.dtype = wire.DT_STRING
        names.tensor_shape.dim.add(size=1)
        names.string_val.append(b"up")
    return bytes(response.SerializeToString())


class _AnyMethod(grpc.GenericRpcHandler):
    def __init__(self, free: threading.Event) -> None:
        self._free = free
        self.seen = 0

    def service(self, _: Any) -> Any:
        def answer(_request: bytes, _context: Any) -> bytes:
            self.seen += 1
            assert self._free.wait(120)
            return grpc_answer()

        return grpc.unary_unary_rpc_method_handler(answer)


class GrpcUpstream:
    """Answers every method with `grpc_answer`, once `free` is set."""

    def __init__(self, handler: _AnyMethod, address: str, free: threading.Event) -> None:
        self._handler = handler
        self.address = address
        self.free = free

    @property
    def seen(self) -> int:
        return self._handler.seen


@contextmanager
def serving_grpc(credentials: Any = None) -> Iterator[GrpcUpstream]:
    free = threading.Event()
    free.set()
    handler = _AnyMethod(free)
    server = grpc.server(
        ThreadPoolExecutor(32), [handler], options=[("grpc.max_receive_message_length", -1)]
    )
    if credentials is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()
    try:
        yield GrpcUpstream(handler, f"127.0.0.1:{port}", free)
    finally:
        free.set()
        server.stop(None).wait()
