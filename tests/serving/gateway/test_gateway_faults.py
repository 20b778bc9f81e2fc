"""What happens when something is missing, full, too big or killed."""

import base64
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import local_servers
import psutil
import pytest
from bright_model import png
from gateway_harness import ask, running, wait_until

from components.common.artifacts.prediction_log import read_log
from serving.protocol.wire_messages import PREDICT, STATUS

pytestmark = pytest.mark.slow

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
        time.sleep(self.server.pause_s)  # type: ignore[attr-defined]
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
        server.seen = self.seen  # type: ignore[attr-defined]
        server.hangs_up = False  # type: ignore[attr-defined]
        self.pause(0.0)
        self.url = f"http://127.0.0.1:{server.server_address[1]}"

    def hang_up(self) -> None:
        self._server.hangs_up = True  # type: ignore[attr-defined]

    def pause(self, seconds: float) -> None:
        self._server.pause_s = seconds  # type: ignore[attr-defined]


@contextmanager
def serving_upstream(port: int = 0) -> Iterator[Upstream]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    with local_servers.running(server):
        yield Upstream(server)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with serving_upstream() as found:
        yield found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def names(root: Path) -> set[str]:
    return set(read_log(root).table.column("request_id").to_pylist())


def test_after_kill_9_only_the_last_second_is_missing(tmp_path: Path, upstream: Upstream) -> None:
    root = tmp_path / "log" / "m"
    sent: dict[str, float] = {}
    with running(tmp_path, upstream=upstream.url) as gateway:
        end = time.monotonic() + 4
        while time.monotonic() < end:
            name = f"r{len(sent)}"
            assert ask(gateway.rest + PATH, BODY, headers={"X-Request-ID": name}).status == 200
            sent[name] = time.monotonic()
        gateway.kill()
        killed = time.monotonic()
    assert list(root.glob("journal/*.arrows")) and not list(root.glob("*/*.parquet"))
    missing = set(sent) - names(root)
    assert len(sent) > 50
    assert max((killed - sent[name] for name in missing), default=0.0) < 1.0

    # The next gateway makes a part of the dead one's journal; nothing gets lost on the way.
    before = names(root)
    with running(tmp_path, upstream=upstream.url):
        wait_until(lambda: bool(list(root.glob("*/*.parquet"))), lambda: str(list(root.iterdir())))
        wait_until(lambda: not list(root.glob("journal/*.arrows")), lambda: "journal stays")
        assert names(root) == before
    assert read_log(root).damaged == ()


def test_sigterm_answers_what_is_under_way_and_writes_a_part(
    tmp_path: Path, upstream: Upstream
) -> None:
    root = tmp_path / "log" / "m"
    with running(tmp_path, upstream=upstream.url) as gateway:
        upstream.pause(1.0)
        answers = []
        slow = threading.Thread(target=lambda: answers.append(ask(gateway.rest + PATH, BODY)))
        slow.start()
        wait_until(lambda: bool(upstream.seen), gateway.text)
        assert gateway.stop() == 0
        slow.join()
    assert answers[0].status == 200
    (part,) = root.glob("*/*.parquet")
    assert part.parent.name == time.strftime("%Y-%m-%d", time.gmtime())
    assert not list(root.glob("journal/*.arrows"))
    (row,) = read_log(root).table.to_pylist()
    assert (row["decision"], row["version"], row["scores"]) == ("up", 7, [0.25, 0.75])


def test_several_gateways_share_a_log(tmp_path: Path, upstream: Upstream) -> None:
    with (
        running(tmp_path, upstream=upstream.url) as one,
        running(tmp_path, upstream=upstream.url) as other,
    ):
        for number, gateway in enumerate((one, other, one, other)):
            ask(gateway.rest + PATH, BODY, headers={"X-Request-ID": f"r{number}"})
        for gateway in (one, other):
            gateway.wait_count("log_rows", 2)
        # Both still write, so neither journal is taken for a dead one's.
        assert len(list((tmp_path / "log" / "m" / "journal").glob("*.arrows"))) == 2
        assert names(tmp_path / "log" / "m") == {"r0", "r1", "r2", "r3"}


def test_a_log_process_that_dies_is_replaced_and_its_loss_counted(
    tmp_path: Path, upstream: Upstream
) -> None:
    with running(tmp_path, upstream=upstream.url) as gateway:
        ask(gateway.rest + PATH, BODY)
        gateway.wait_count("log_rows", 1)
        (worker,) = psutil.Process(gateway.process.pid).children()
        worker.suspend()
        ask(gateway.rest + PATH, BODY)
        worker.kill()
        gateway.wait_count("worker_restarts", 1)
        assert gateway.count("lost") == 1
        wait_until(lambda: gateway.health()["log"] == "working", gateway.text)
        assert ask(gateway.rest + PATH, BODY).status == 200
        gateway.wait_count("log_rows", 2)
    assert read_log(tmp_path / "log" / "m").table.num_rows == 2


def test_a_full_queue_drops_and_never_waits(tmp_path: Path, upstream: Upstream) -> None:
    large = BODY + b" " * 3_000_000
    with running(tmp_path, "--queue-mib=4", upstream=upstream.url) as gateway:
        (worker,) = psutil.Process(gateway.process.pid).children()
        worker.suspend()
        for _ in range(5):
            assert ask(gateway.rest + PATH, large).status == 200
        assert gateway.count("offered") == 5
        # A record is offered to the log a moment after its answer, so drops may still come.
        gateway.wait_count("dropped", 2)
        assert "answered but not logged" in gateway.text()
        worker.resume()

        def settled() -> bool:
            return gateway.count("log_rows") + gateway.count("dropped") == 5

        wait_until(settled, lambda: str(gateway.health()))
        assert gateway.count("log_rows") >= 1


def test_a_log_folder_that_takes_nothing(tmp_path: Path, upstream: Upstream) -> None:
    (tmp_path / "log").write_text("a file where the folder should be")
    with running(tmp_path, upstream=upstream.url) as gateway:
        assert ask(gateway.rest + PATH, BODY).status == 200
        gateway.wait_count("log_write_failures", 1)
        assert "does not take" in gateway.text()
        (tmp_path / "log").unlink()
        # What was held in memory is written once the folder takes it.
        gateway.wait_count("log_rows", 1)


def test_no_pictures(tmp_path: Path, upstream: Upstream) -> None:
    with running(tmp_path, "--no-pictures", upstream=upstream.url) as gateway:
        ask(gateway.rest + PATH, BODY)
        gateway.wait_count("log_rows", 1)
        assert gateway.stop() == 0
    assert not (tmp_path / "log" / "m" / "pictures").exists()
    assert png(77) not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_no_logging(tmp_path: Path, upstream: Upstream) -> None:
    with running(tmp_path, "--no-logging", upstream=upstream.url) as gateway:
        assert ask(gateway.rest + PATH, BODY).body == ANSWER
        assert gateway.health()["log"] == "off"
    assert not (tmp_path / "log").exists()


def test_the_model_server_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    with running(
        tmp_path, upstream=f"http://127.0.0.1:{port}", upstream_grpc=f"127.0.0.1:{port}"
    ) as gateway:
        answer = ask(gateway.rest + PATH, BODY)
        assert answer.status == 503
        assert f"expected a model server at http://127.0.0.1:{port}" in answer.error
        assert ask(f"{gateway.rest}/gateway/ready").status == 503
        assert ask(f"{gateway.rest}/gateway/health").status == 200
        with grpc.insecure_channel(gateway.grpc) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(PREDICT)(b"", timeout=20)
        assert error.value.code() is grpc.StatusCode.UNAVAILABLE
        assert f"expected a model server at 127.0.0.1:{port}" in error.value.details()


def test_a_model_server_that_takes_too_long(tmp_path: Path, upstream: Upstream) -> None:
    upstream.pause(2.0)
    with running(tmp_path, "--timeout-s=0.3", upstream=upstream.url) as gateway:
        answer = ask(gateway.rest + PATH, BODY)
        assert (answer.status, "within 0.3 s" in answer.error) == (504, True)


def test_a_model_server_that_comes_back(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, upstream=f"http://127.0.0.1:{port}") as gateway:
        assert ask(gateway.rest + PATH, BODY).status == 503
        with serving_upstream(port):
            assert ask(gateway.rest + PATH, BODY).status == 200


def test_a_kept_connection_that_the_model_server_closed(tmp_path: Path, upstream: Upstream) -> None:
    upstream.hang_up()
    with running(tmp_path, upstream=upstream.url) as gateway:
        for _ in range(20):
            assert ask(gateway.rest + PATH, BODY).status == 200


def test_odd_request_lines_and_clients_that_wait_for_a_word(
    tmp_path: Path, upstream: Upstream
) -> None:
    with running(tmp_path, upstream=upstream.url) as gateway:
        address = ("127.0.0.1", int(gateway.rest.rpartition(":")[2]))
        with socket.create_connection(address, 10) as connection:
            connection.sendall(b"GET http://elsewhere/v1/models/m HTTP/1.1\r\nHost: x\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 ")
        with socket.create_connection(address, 10) as connection:
            connection.sendall(
                f"POST {PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                f"Content-Length: {len(BODY)}\r\n\r\n".encode()
            )
            assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            connection.sendall(BODY)
            assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
        assert "Traceback" not in gateway.text()


def test_requests_beyond_the_limit(tmp_path: Path, upstream: Upstream) -> None:
    big = b"x" * ((1 << 20) + 1)
    with running(
        tmp_path, "--max-request-mib=1", upstream=upstream.url, upstream_grpc="127.0.0.1:1"
    ) as gateway:
        answer = ask(gateway.rest + PATH, big)
        assert answer.status == 413
        assert f"expected a request of at most 1 MiB, received {len(big)} bytes" in answer.error
        with grpc.insecure_channel(gateway.grpc) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(PREDICT)(big, timeout=20)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert ask(gateway.rest + PATH, BODY).status == 200
    assert len(upstream.seen) == 1


def test_the_api_key(tmp_path: Path, upstream: Upstream) -> None:
    with running(
        tmp_path,
        upstream=upstream.url,
        upstream_grpc="127.0.0.1:1",
        environment={"GRAFT_API_KEY": "s3cret"},
    ) as gateway:
        url = gateway.rest + PATH
        assert ask(url, BODY).status == 401
        assert ask(url, BODY, headers={"X-API-Key": "s3cre"}).status == 401
        assert upstream.seen == []
        assert ask(url, BODY, headers={"X-API-Key": "s3cret"}).status == 200
        assert ask(url, BODY, headers={"Authorization": "Bearer s3cret"}).status == 200
        assert not any("x-api-key" in seen or "authorization" in seen for seen in upstream.seen)
        # Probes come without a key; the metrics name models.
        assert ask(f"{gateway.rest}/gateway/health").status == 200
        assert ask(f"{gateway.rest}/gateway/metrics").status == 401
        with grpc.insecure_channel(gateway.grpc) as channel:
            call = channel.unary_unary(STATUS)
            for metadata, code in (
                ((), grpc.StatusCode.UNAUTHENTICATED),
                ((("x-api-key", "s3cret"),), grpc.StatusCode.UNAVAILABLE),
            ):
                with pytest.raises(grpc.RpcError) as error:
                    call(b"", timeout=20, metadata=metadata)
                assert error.value.code() is code
        assert "s3cret" not in " ".join(
            word
            for process in psutil.Process(gateway.process.pid).children()
            for word in process.cmdline()
        )


def test_a_taken_port(tmp_path: Path, upstream: Upstream) -> None:
    taken = upstream.url.rpartition(":")[2]
    with (
        pytest.raises(AssertionError, match=f"expected 127.0.0.1:{taken} to be free"),
        running(tmp_path, f"--port={taken}", upstream=upstream.url),
    ):
        pass


def test_the_gateway_alone_dies(tmp_path: Path, upstream: Upstream) -> None:
    """The log's process then writes what it has, and ends."""
    with running(tmp_path, upstream=upstream.url) as gateway:
        ask(gateway.rest + PATH, BODY)
        time.sleep(0.2)  # it leaves the gateway a moment after its answer, and was not flushed yet
        (worker,) = psutil.Process(gateway.process.pid).children()
        os.kill(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait(30)
        wait_until(lambda: not worker.is_running(), gateway.text)
    assert len(list((tmp_path / "log" / "m").glob("*/*.parquet"))) == 1
