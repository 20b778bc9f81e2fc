"""What happens when something is missing, full, too big or killed."""

import datetime
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import psutil
import pytest
from bright_model import png
from gateway_harness import Gateway, ask, running, wait_until
from gateway_upstream import ANSWER, BODY, PATH, Upstream, serving_upstream
from local_servers import free_port

from components.common.artifacts.monitoring.log_reading import read_log
from components.common.errors import ServerError
from serving.gateway.process import run
from serving.gateway.settings import GatewaySettings, LogSettings
from serving.protocol.wire_messages import PREDICT, STATUS

pytestmark = pytest.mark.slow

KEY = {"X-API-Key": "s3cret"}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving_upstream() as found:
        yield found


@pytest.fixture(scope="module")
def shared(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for tests that leave it as they found it: each looks at differences."""
    folder = tmp_path_factory.mktemp("shared")
    with running(folder, "--queue-mib=4", "--embedding-share=0", upstream=upstream.url) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def strict(
    upstream: Upstream, shared: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """A gateway with a key, small limits and the other's log; nobody is at its gRPC upstream."""
    with running(
        tmp_path_factory.mktemp("strict"),
        "--max-request-mib=1",
        "--timeout-s=3",
        "--embedding-share=0",  # nobody else asks the upstream
        upstream=upstream.url,
        upstream_grpc="127.0.0.1:1",
        log=shared.log,
        environment={"GRAFT_API_KEY": KEY["X-API-Key"]},
    ) as gateway:
        yield gateway


def names(root: Path) -> set[str]:
    return set(read_log(root).table.column("request_id").to_pylist())


def worker_of(gateway: Gateway) -> psutil.Process:
    (worker,) = psutil.Process(gateway.process.pid).children()
    return worker


def rest_address(gateway: Gateway) -> tuple[str, int]:
    return "127.0.0.1", int(gateway.rest.rpartition(":")[2])


def test_kill_9_costs_what_was_not_flushed_and_of_the_gateway_alone_nothing(
    tmp_path: Path, upstream: Upstream
) -> None:
    """The log is flushed every `flush_s`; so no more than the last second is missing."""
    assert LogSettings().flush_s <= 0.5
    root = tmp_path / "log" / "m"
    sent: list[str] = []
    with running(tmp_path, upstream=upstream.url) as gateway:
        while gateway.count("log_rows") < 20:
            sent.append(f"r{len(sent)}")
            assert ask(gateway.rest + PATH, BODY, headers={"X-Request-ID": sent[-1]}).status == 200
        flushed = gateway.count("log_rows")
        gateway.kill()
    assert list(root.glob("journal/*.arrows")) and not list(root.glob("*/*.parquet"))
    assert set(sent[:flushed]) <= names(root)

    # The next gateway makes a part of the dead one's journal; nothing gets lost on the way.
    before = names(root)
    with running(tmp_path, upstream=upstream.url) as gateway:
        wait_until(lambda: bool(list(root.glob("*/*.parquet"))), lambda: str(list(root.iterdir())))
        wait_until(lambda: not list(root.glob("journal/*.arrows")), lambda: "journal stays")
        assert names(root) == before
        # Now it alone dies: the log's process writes what it has, and ends.
        worker = worker_of(gateway)
        worker.suspend()
        assert ask(gateway.rest + PATH, BODY, headers={"X-Request-ID": "last"}).status == 200
        settle(gateway)
        os.kill(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait(30)
        worker.resume()
        wait_until(lambda: not worker.is_running(), gateway.text)
    assert len(list(root.glob("*/*.parquet"))) == 2
    assert names(root) == {*before, "last"}
    assert read_log(root).damaged == ()


def test_sigterm_answers_what_is_under_way_and_writes_a_part(
    tmp_path: Path, upstream: Upstream
) -> None:
    root = tmp_path / "log" / "m"
    with running(tmp_path, "--no-pictures", upstream=upstream.url) as gateway:
        answers = []
        slow = threading.Thread(target=lambda: answers.append(ask(gateway.rest + PATH, BODY)))
        before = len(upstream.seen)
        with upstream.silent():
            slow.start()
            wait_until(lambda: len(upstream.seen) > before, gateway.text)
            gateway.process.send_signal(signal.SIGTERM)
            wait_until(lambda: "draining" in gateway.text(), gateway.text)
        slow.join()
        assert gateway.process.wait(60) == 0
    assert answers[0].status == 200
    (part,) = root.glob("*/*.parquet")
    assert (
        datetime.date.fromisoformat(part.parent.name) <= datetime.datetime.now(datetime.UTC).date()
    )
    assert not list(root.glob("journal/*.arrows"))
    (row,) = read_log(root).table.to_pylist()
    assert (row["decision"], row["version"], row["scores"]) == ("up", 7, [0.25, 0.75])
    # And no picture is kept, neither as a file nor within one.
    assert not (root / "pictures").exists()
    assert png(77) not in b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())


def test_several_gateways_share_a_log(shared: Gateway, strict: Gateway) -> None:
    root = shared.log / "m"
    before = [gateway.count("log_rows") for gateway in (shared, strict)]
    for number, gateway in enumerate((shared, strict, shared, strict)):
        ask(gateway.rest + PATH, BODY, headers={"X-Request-ID": f"shared{number}", **KEY})
    for gateway, rows in zip((shared, strict), before, strict=True):
        gateway.wait_count("log_rows", rows + 2)
    # Both still write, so neither journal is taken for a dead one's.
    assert len(list((root / "journal").glob("*.arrows"))) == 2
    assert names(root) >= {f"shared{number}" for number in range(4)}


def test_a_log_process_that_dies_is_replaced_and_its_loss_counted(shared: Gateway) -> None:
    rows = shared.count("log_rows")
    ask(shared.rest + PATH, BODY)
    shared.wait_count("log_rows", rows + 1)
    lost, restarts = shared.count("lost"), shared.count("worker_restarts")
    worker = worker_of(shared)
    worker.suspend()
    ask(shared.rest + PATH, BODY)
    settle(shared)
    worker.kill()
    shared.wait_count("worker_restarts", restarts + 1)
    assert shared.count("lost") == lost + 1
    wait_until(lambda: shared.health()["log"] == "working", shared.text)
    rows = shared.count("log_rows")
    assert ask(shared.rest + PATH, BODY).status == 200
    shared.wait_count("log_rows", rows + 1)


def settle(gateway: Gateway) -> None:
    """Wait until what was offered to the log has left for it, a moment after its answer."""
    for _ in range(3):
        time.sleep(0.05)
        gateway.health()


def test_a_full_queue_drops_and_never_waits(shared: Gateway) -> None:
    large = BODY + b" " * 3_000_000
    offered, dropped, rows = (shared.count(n) for n in ("offered", "dropped", "log_rows"))
    worker = worker_of(shared)
    worker.suspend()
    for _ in range(5):
        assert ask(shared.rest + PATH, large).status == 200
    assert shared.count("offered") == offered + 5
    # A record is offered to the log a moment after its answer, so drops may still come.
    shared.wait_count("dropped", dropped + 2)
    assert "answered but not logged" in shared.text()
    worker.resume()

    def settled() -> bool:
        return shared.count("log_rows") - rows + shared.count("dropped") - dropped == 5

    wait_until(settled, lambda: str(shared.health()))
    assert shared.count("log_rows") > rows


def test_a_client_that_gives_up_is_counted_and_logged(upstream: Upstream, shared: Gateway) -> None:
    before = len(upstream.seen)
    with upstream.silent():
        with socket.create_connection(rest_address(shared), 10) as connection:
            connection.sendall(
                f"POST {PATH} HTTP/1.1\r\nHost: x\r\nX-Request-ID: impatient\r\n"
                f"Content-Length: {len(BODY)}\r\n\r\n".encode()
                + BODY
            )
            wait_until(lambda: len(upstream.seen) > before, shared.text)

        def counted() -> bool:
            page = ask(f"{shared.rest}/gateway/metrics").body.decode()
            return 'requests_total{interface="REST",status="499"} 1.0' in page

        wait_until(counted, shared.text)
    wait_until(lambda: "impatient" in names(shared.log / "m"), shared.text)
    rows = read_log(shared.log / "m").table.to_pylist()
    (row,) = [row for row in rows if row["request_id"] == "impatient"]
    assert (row["status"], row["scores"]) == (499, None)


def test_the_model_server_is_not_there_and_comes_back(tmp_path: Path) -> None:
    """Without a log, which is another thing that may be missing."""
    port = free_port()
    with running(
        tmp_path,
        "--no-logging",
        upstream=f"http://127.0.0.1:{port}",
        upstream_grpc=f"127.0.0.1:{port}",
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
        with serving_upstream(port):
            assert ask(gateway.rest + PATH, BODY).body == ANSWER
        assert gateway.health()["log"] == "off"
    assert not (tmp_path / "log").exists()


def test_a_model_server_that_takes_too_long(upstream: Upstream, strict: Gateway) -> None:
    with upstream.silent():
        answer = ask(strict.rest + PATH, BODY, headers=KEY)
    assert (answer.status, "within 3 s" in answer.error) == (504, True)


def test_a_kept_connection_that_the_model_server_closed(
    upstream: Upstream, shared: Gateway
) -> None:
    upstream.hang_up(True)
    try:
        for _ in range(20):
            assert ask(shared.rest + PATH, BODY).status == 200
    finally:
        upstream.hang_up(False)


def test_odd_request_lines_and_clients_that_wait_for_a_word(shared: Gateway) -> None:
    with socket.create_connection(rest_address(shared), 10) as connection:
        connection.sendall(b"GET http://elsewhere/v1/models/m HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 ")
    with socket.create_connection(rest_address(shared), 10) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            f"Content-Length: {len(BODY)}\r\n\r\n".encode()
        )
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK\r\n")
    assert "Traceback" not in shared.text()


def test_requests_beyond_the_limit(upstream: Upstream, strict: Gateway) -> None:
    big = b"x" * ((1 << 20) + 1)
    before = len(upstream.seen)
    answer = ask(strict.rest + PATH, big, headers=KEY)
    assert answer.status == 413
    assert f"expected a request of at most 1 MiB, received {len(big)} bytes" in answer.error
    with grpc.insecure_channel(strict.grpc) as channel, pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(PREDICT)(big, timeout=20, metadata=(("x-api-key", "s3cret"),))
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ask(strict.rest + PATH, BODY, headers=KEY).status == 200
    assert len(upstream.seen) == before + 1


def test_the_api_key(upstream: Upstream, strict: Gateway) -> None:
    url = strict.rest + PATH
    before = len(upstream.seen)
    assert ask(url, BODY).status == 401
    assert ask(url, BODY, headers={"X-API-Key": "s3cre"}).status == 401
    assert len(upstream.seen) == before
    assert ask(url, BODY, headers=KEY).status == 200
    assert ask(url, BODY, headers={"Authorization": "Bearer s3cret"}).status == 200
    for seen in upstream.seen[before:]:
        assert not {"x-api-key", "authorization"} & set(seen)
    # Probes come without a key; the metrics name models.
    assert ask(f"{strict.rest}/gateway/health").status == 200
    assert ask(f"{strict.rest}/gateway/metrics").status == 401
    with grpc.insecure_channel(strict.grpc) as channel:
        call = channel.unary_unary(STATUS)
        for metadata, code in (
            ((), grpc.StatusCode.UNAUTHENTICATED),
            ((("x-api-key", "s3cret"),), grpc.StatusCode.UNAVAILABLE),
        ):
            with pytest.raises(grpc.RpcError) as error:
                call(b"", timeout=20, metadata=metadata)
            assert error.value.code() is code
    assert "s3cret" not in " ".join(worker_of(strict).cmdline())


def test_a_taken_port(upstream: Upstream) -> None:
    taken = int(upstream.url.rpartition(":")[2])
    settings = GatewaySettings(upstream=upstream.url, port=taken, logging=False)
    with pytest.raises(
        ServerError, match=rf"expected the ports {taken} and \d+ of 127.0.0.1 to be free"
    ):
        run(settings)
