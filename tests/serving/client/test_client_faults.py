"""The clients against servers that fail on purpose."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

import grpc
import pytest
from bright_model import png
from local_servers import Quiet, answering, free_port
from scripted_servers import FAST, OUTPUTS_BODY, STATUS_BODY, grpc_answer, grpc_server, http_server

from components.common.errors import ConfigError, RequestError, ServerError, UnreachableError
from serving.client import connect
from serving.client.grpc_client import GrpcClient
from serving.client.rest_client import RestClient, served_models


def rest(url: str, **more: Any) -> RestClient:
    return RestClient(url, model="m", retry=FAST, **more)


def test_rest_repeats_after_503_and_broken_connections() -> None:
    failures = iter([(503, '{"error": "queue is full"}'), (0, "")])

    def script(method: str, path: str, number: int) -> tuple[int, str]:
        if method == "GET":
            return 200, STATUS_BODY
        return next(failures, (200, OUTPUTS_BODY))

    with http_server(script) as (url, asked), rest(url) as client:
        assert client.predict_pictures([png(1)]).version == 1
    assert asked == ["GET /v1/models/m"] + ["POST /v1/models/m/versions/1:predict"] * 3


@pytest.mark.parametrize("code", [400, 404, 429, 500, 501, 504])
def test_rest_repeats_no_other_failure(code: int) -> None:
    def script(method: str, path: str, number: int) -> tuple[int, str]:
        return (200, STATUS_BODY) if method == "GET" else (code, '{"error": "no"}')

    with (
        http_server(script) as (url, asked),
        rest(url, version=1) as client,
        pytest.raises(ServerError) as caught,
    ):
        client.predict_pictures([png(1)])
    assert len([line for line in asked if line.startswith("POST")]) == 1
    assert isinstance(caught.value, RequestError) == (code in {400, 429})


def test_rest_gives_up_with_the_servers_words() -> None:
    with (
        http_server(lambda *_: (503, '{"error": "queue is full"}')) as (url, asked),
        rest(url) as client,
        pytest.raises(ServerError, match="queue is full"),
    ):
        client.status()
    assert len(asked) == FAST.attempts


def test_rest_follows_a_switch_of_versions() -> None:
    """The version it knew is gone: it looks again and asks the successor."""
    versions = iter([1, 2])

    def script(method: str, path: str, number: int) -> tuple[int, str]:
        if method == "GET":
            return 200, STATUS_BODY.replace('"1"', f'"{next(versions)}"')
        if "/versions/1:" in path:
            return 404, '{"error": "Servable not found for request: Specific(m, 1)"}'
        return 200, OUTPUTS_BODY

    with http_server(script) as (url, _), rest(url) as client:
        assert client.predict_pictures([png(1)]).version == 2


def test_rest_deadline_holds_against_a_server_that_drips() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        full = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(1000):
                    connection.sendall(b" ")
                    time.sleep(0.1)
                full.set()

        thread = threading.Thread(target=drip)
        thread.start()
        with (
            rest(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.5) as client,
            pytest.raises(ServerError, match=r"within 0\.5 s"),
        ):
            client.status()
        assert not full.is_set()
        thread.join()


def test_rest_keeps_its_connection_and_survives_its_end() -> None:
    """One connection serves all requests; when the server drops it, a new one is made unseen."""
    ports: list[int] = []

    class Handler(Quiet, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            ports.append(self.client_address[1])
            self.send_response(200)
            self.send_header("Content-Length", str(len(STATUS_BODY)))
            self.end_headers()
            self.wfile.write(STATUS_BODY.encode())
            # Closed without a word, as an idle time-out of a load balancer does.
            self.close_connection = len(ports) == 3

    with answering(Handler) as url, rest(url, version=1) as client:
        for _ in range(5):
            assert client.status()[0].version == 1
    assert len(ports) == 5
    assert len(set(ports)) == 2


def test_rest_notices_an_answer_that_is_cut_off() -> None:
    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(STATUS_BODY) + 50))
            self.end_headers()
            self.wfile.write(STATUS_BODY.encode())

    with (
        answering(Handler) as url,
        rest(url) as client,
        pytest.raises(UnreachableError, match="IncompleteRead"),
    ):
        client.status()


def test_rest_names_a_server_of_another_kind() -> None:
    with (
        http_server(lambda *_: (404, "<html>nginx</html>")) as (url, _),
        rest(url) as client,
        pytest.raises(UnreachableError, match="something else"),
    ):
        client.status()


def test_each_protocol_names_the_other() -> None:
    with (
        grpc_server(lambda *_: grpc_answer()) as (address, _),
        rest(f"http://{address}") as client,
        pytest.raises(UnreachableError, match=r"expected REST .* write grpc://"),
    ):
        client.status()
    with (
        http_server(lambda *_: (404, "")) as (url, _),
        GrpcClient(url.removeprefix("http://"), model="m", retry=FAST) as other,
        pytest.raises(UnreachableError, match=r"expected gRPC .* write http://"),
    ):
        other.status()


def test_grpc_names_a_server_of_another_kind() -> None:
    with (
        grpc_server(lambda *_: grpc_answer()) as (address, _),
        GrpcClient(address, model="m", retry=FAST) as client,
        pytest.raises(UnreachableError, match="TensorFlow Serving's API"),
    ):
        client.status()


def test_rest_names_the_models_that_the_metrics_know() -> None:
    metrics = (
        ':tensorflow:serving:request_count{model_name="solar",status="NOT_FOUND"} 2\n'
        ':tensorflow:serving:request_count{model_name="wafer",status="OK"} 2\n'
        ":tensorflow:cc:saved_model:load_attempt_count"
        '{model_path="/models/digits/4",status="success"} 1\n'
    )
    assert served_models(metrics) == ["digits", "wafer"]

    def script(method: str, path: str, number: int) -> tuple[int, str]:
        return (200, metrics) if path.startswith("/monitoring") else (404, '{"error": "no"}')

    with (
        http_server(script) as (url, _),
        rest(url) as client,
        pytest.raises(
            ServerError,
            match=r"no model `m`; .* by --model-name: digits, wafer",
        ),
    ):
        client.status()


def test_grpc_repeats_after_unavailable() -> None:
    def predict(context: grpc.ServicerContext, number: int) -> Any:
        if number < 3:
            context.abort(grpc.StatusCode.UNAVAILABLE, "queue is full")
        return grpc_answer()

    with (
        grpc_server(predict) as (address, asked),
        GrpcClient(address, model="m", retry=FAST) as client,
    ):
        answer = client.predict_pictures([png(1)])
    assert answer.probabilities.tolist() == [[0.5, 0.5]]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.INVALID_ARGUMENT, RequestError),
        (grpc.StatusCode.FAILED_PRECONDITION, RequestError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, RequestError),
        (grpc.StatusCode.INTERNAL, ServerError),
        (grpc.StatusCode.UNKNOWN, ServerError),
    ],
)
def test_grpc_repeats_no_other_failure(code: grpc.StatusCode, kind: type[ServerError]) -> None:
    with (
        grpc_server(lambda context, _: context.abort(code, "the reason")) as (address, asked),
        GrpcClient(address, model="m", retry=FAST) as client,
        pytest.raises(ServerError, match="the reason") as caught,
    ):
        client.predict_pictures([png(1)])
    assert type(caught.value) is kind
    assert len(asked) == 1


def test_grpc_deadline_reaches_the_server() -> None:
    seen: list[float] = []
    late = threading.Event()

    def predict(context: grpc.ServicerContext, number: int) -> Any:
        seen.append(context.time_remaining())
        late.wait(30)
        return grpc_answer()

    with (
        grpc_server(predict) as (address, _),
        GrpcClient(address, model="m", timeout_s=1.0) as client,
        pytest.raises(ServerError, match=r"within 1 s"),
    ):
        try:
            client.predict_pictures([png(1)])
        finally:
            late.set()
    # On the wire the time is rounded up; without a deadline it would be endless.
    assert len(seen) <= 1
    assert all(left_s < 2 for left_s in seen)


def test_nobody_there() -> None:
    port = free_port()
    for address in (f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"):
        with connect(address, model="m", timeout_s=5) as client:
            with pytest.raises(UnreachableError, match="graft up") as caught:
                client.predict_pictures([png(1)])
            assert caught.value.exit_code == 4
            with pytest.raises(UnreachableError):
                client.wait_until_available(timeout_s=0.2)


@pytest.mark.parametrize(
    "address", ["", "localhost", "localhost:", "ftp://h:1", "http://", "grpc://h", ":8500", "h:x"]
)
def test_addresses_that_make_no_sense(address: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        connect(address, model="m")


def test_waiting_ends_at_once_for_a_version_that_failed() -> None:
    body = json.dumps(
        {
            "model_version_status": [
                {
                    "version": "2",
                    "state": "END",
                    "status": {"error_code": "NOT_FOUND", "error_message": "no saved_model.pb"},
                }
            ]
        }
    )
    with (
        http_server(lambda *_: (200, body)) as (url, asked),
        rest(url) as client,
        pytest.raises(ServerError, match=r"version 2 END \(NOT_FOUND: no saved_model.pb\)"),
    ):
        client.wait_until_available(timeout_s=30, version=2)
    assert len(asked) == 1


def test_the_grpc_client_needs_no_tensorflow() -> None:
    code = (
        "import sys; from serving.client import connect; connect('h:1', model='m').close();"
        "print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
