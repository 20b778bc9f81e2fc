"""What is refused when too much is in flight, who gave up, and processes that hang."""

import asyncio
import json
import os
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import psutil
import pytest
from bright_model import png
from gateway_harness import Gateway, ask, running, wait_until
from gateway_upstream import (
    ANSWER,
    BODY,
    PATH,
    GrpcUpstream,
    Upstream,
    grpc_answer,
    grpc_request,
    serving_grpc,
    serving_upstream,
)

from components.common.errors import ServerError
from serving.client import connect
from serving.client.retry import Retry
from serving.gateway.exchange import ExchangeHead, ServedExchange
from serving.gateway.log import log_queue as log_queue_module
from serving.gateway.log.log_queue import LogQueue
from serving.gateway.log.reader import Reader
from serving.gateway.proxy.admission import SMALL_BYTES, Admission, BusyError
from serving.gateway.settings import MIB, GatewaySettings, LogSettings
from serving.protocol.headers import PUSHBACK
from serving.protocol.wire_messages import PREDICT

pytestmark = pytest.mark.slow
MOST = 3


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with serving_upstream() as found:
        yield found


@pytest.fixture(scope="module")
def upstream_grpc() -> Iterator[GrpcUpstream]:
    with serving_grpc() as found:
        yield found


@pytest.fixture(scope="module")
def gateway(
    upstream: Upstream, upstream_grpc: GrpcUpstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    with running(
        tmp_path_factory.mktemp("limits"),
        f"--in-flight={MOST}",
        "--in-flight-mib=8",
        "--max-request-mib=8",
        "--timeout-s=60",
        "--embedding-share=0",
        upstream=upstream.url,
        upstream_grpc=upstream_grpc.address,
    ) as found:
        yield found


def metric(gateway: Gateway, name: str) -> float:
    page = ask(f"{gateway.metrics}/gateway/metrics").body.decode()
    (value,) = [line.split()[-1] for line in page.splitlines() if line.startswith(f"{name} ")]
    return float(value)


def refused(gateway: Gateway, reason: str) -> float:
    return metric(gateway, f'graft_gateway_refused_total{{reason="{reason}"}}')


def cancelled(gateway: Gateway, interface: str) -> float:
    return metric(gateway, f'graft_gateway_cancelled_total{{interface="{interface}"}}')


def in_flight(gateway: Gateway) -> float:
    return metric(gateway, "graft_gateway_in_flight_requests")


def test_a_crowd_is_told_to_come_back_over_both_protocols(
    gateway: Gateway, upstream: Upstream, upstream_grpc: GrpcUpstream
) -> None:
    before = refused(gateway, "busy")
    with ThreadPoolExecutor() as pool, grpc.insecure_channel(gateway.grpc) as channel:
        call = channel.unary_unary(PREDICT)
        with upstream.silent():
            upstream_grpc.free.clear()
            first = [pool.submit(ask, gateway.rest + PATH, BODY) for _ in range(MOST - 1)]
            last = call.future(grpc_request(png(1)), timeout=30)
            wait_until(lambda: in_flight(gateway) == MOST, gateway.text)
            answer = ask(gateway.rest + PATH, BODY)
            assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
            assert f"expected fewer than {MOST} requests at a time" in answer.error
            with pytest.raises(grpc.RpcError) as error:
                call(grpc_request(png(1)), timeout=30)
            assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert PUSHBACK in dict(error.value.trailing_metadata())
            # Probes and metrics have no place to wait for.
            assert ask(f"{gateway.rest}/gateway/ready").status == 200
            upstream_grpc.free.set()
        assert {one.result().status for one in first} == {200}
        assert last.result(30) == grpc_answer()
    assert refused(gateway, "busy") == before + 2
    wait_until(lambda: in_flight(gateway) == 0, gateway.text)
    assert ask(gateway.rest + PATH, BODY).body == ANSWER


def test_large_bodies_share_a_limit_and_small_ones_do_not_feel_it(
    gateway: Gateway, upstream: Upstream
) -> None:
    large = BODY + b" " * (5 * MIB)
    with ThreadPoolExecutor() as pool, upstream.silent():
        first = pool.submit(ask, gateway.rest + PATH, large)
        wait_until(lambda: metric(gateway, "graft_gateway_in_flight_bytes") > 5 * MIB, gateway.text)
        assert ask(gateway.rest + PATH, large).status == 429
        with grpc.insecure_channel(gateway.grpc) as channel, pytest.raises(grpc.RpcError) as error:
            channel.unary_unary(PREDICT)(grpc_request(b"x" * (4 * MIB)), timeout=20)
        assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        small = pool.submit(ask, gateway.rest + PATH, BODY)
        upstream.free.set()
        assert (first.result().status, small.result().status) == (200, 200)
    wait_until(lambda: metric(gateway, "graft_gateway_in_flight_bytes") == 0, gateway.text)


def test_what_is_too_large_is_refused_and_counted(gateway: Gateway) -> None:
    before = refused(gateway, "too_large")
    large = b"x" * (9 * MIB)
    assert ask(gateway.rest + PATH, large).status == 413
    with grpc.insecure_channel(gateway.grpc) as channel, pytest.raises(grpc.RpcError) as error:
        channel.unary_unary(PREDICT)(large, timeout=20)
    assert error.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    wait_until(lambda: refused(gateway, "too_large") == before + 2, gateway.text)


def test_a_body_that_does_not_come_gives_its_place_back(tmp_path: Path, upstream: Upstream) -> None:
    with running(tmp_path, "--timeout-s=5", upstream=upstream.url) as gateway:
        host, port = gateway.rest.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), 20) as connection:
            connection.sendall(
                f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode()
            )
            wait_until(lambda: in_flight(gateway) == 1, gateway.text)
            assert connection.recv(100).startswith(b"HTTP/1.1 408 ")
        assert refused(gateway, "slow") == 1
        assert in_flight(gateway) == 0


@pytest.mark.parametrize("interface", ["REST", "gRPC"])
def test_five_clients_that_give_up_and_one_that_waits(
    interface: str, gateway: Gateway, upstream: Upstream, upstream_grpc: GrpcUpstream
) -> None:
    gone, offered = cancelled(gateway, interface), gateway.count("offered")

    def ask_for(seconds: float) -> bool:
        address = gateway.rest if interface == "REST" else gateway.grpc
        once = Retry(attempts=1)
        with connect(address, model="m", timeout_s=seconds, retry=once, version=7) as client:
            try:
                client.predict_pictures([png(3)])
            except ServerError as error:
                assert "within" in str(error), error
                return False
        return True

    with upstream.silent():
        upstream_grpc.free.clear()
        # Long enough to be seen before it is over.
        assert not any(ask_for(1.0) for _ in range(5))
        upstream_grpc.free.set()
    wait_until(lambda: cancelled(gateway, interface) == gone + 5, gateway.text)
    ask(gateway.rest + PATH, BODY) if interface == "REST" else ask_for(30)
    wait_until(lambda: gateway.count("offered") == offered + 6, gateway.text)

    def statuses() -> list[int]:
        rows = gateway.table("m").to_pylist()
        return [row["status"] for row in rows if row["interface"] == interface]

    given_up = {499} if interface == "REST" else {1, 4}
    wait_until(lambda: sum(status in given_up for status in statuses()) >= 5, gateway.text)
    assert in_flight(gateway) == 0


def test_a_client_that_gives_up_while_it_sends_is_counted(gateway: Gateway) -> None:
    before = cancelled(gateway, "REST")
    host, port = gateway.rest.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{{".encode()
        )
        wait_until(lambda: in_flight(gateway) == 1, gateway.text)
    wait_until(lambda: cancelled(gateway, "REST") == before + 1, gateway.text)
    wait_until(lambda: in_flight(gateway) == 0, gateway.text)


def test_the_log_process_starts_without_a_warning(gateway: Gateway) -> None:
    rows = gateway.count("log_rows")
    assert ask(gateway.rest + PATH, BODY).status == 200
    gateway.wait_count("log_rows", rows + 1)
    assert "Warning" not in gateway.text()


def test_our_client_comes_back(gateway: Gateway, upstream: Upstream) -> None:
    """A 429 of the gateway is repeated, as `Retry-After` asks."""
    with ThreadPoolExecutor() as pool, upstream.silent():
        crowd = [pool.submit(ask, gateway.rest + PATH, BODY) for _ in range(MOST)]
        wait_until(lambda: in_flight(gateway) == MOST, gateway.text)
        before = refused(gateway, "busy")

        def free_places() -> None:
            wait_until(lambda: refused(gateway, "busy") > before, gateway.text)
            upstream.free.set()

        freed = pool.submit(free_places)
        patient = Retry(attempts=50, first_wait_s=0.1)
        with connect(gateway.grpc, model="m", timeout_s=20, retry=patient) as client:
            assert client.predict_pictures([png(3)]).version == 7
        freed.result()
    assert {one.result().status for one in crowd} == {200}


def test_places_are_counted_exactly() -> None:
    admission = Admission(most=2, most_bytes=4 * SMALL_BYTES)
    with admission.enter() as one, admission.enter() as other:
        with pytest.raises(BusyError, match="2 requests at a time"):
            admission.enter()
        one.hold(10)
        one.hold(3 * SMALL_BYTES)
        other.hold(SMALL_BYTES)  # small, so never in the way
        with pytest.raises(BusyError, match="4 MiB at a time"):
            other.hold(SMALL_BYTES + 1)
        assert (admission.small_bytes, admission.large_bytes) == (SMALL_BYTES, 3 * SMALL_BYTES)
    assert (admission.requests, admission.small_bytes, admission.large_bytes) == (0, 0, 0)


def log_process_of(gateway_id: int) -> psutil.Process:
    (found,) = [
        one
        for one in psutil.Process(gateway_id).children()
        if "serving.gateway.log" in one.cmdline()
    ]
    return found


def exchange(name: str, body: bytes = BODY) -> ServedExchange:
    head = ExchangeHead(
        time_unix_s=time.time(),
        request_id=name,
        interface="REST",
        path=PATH,
        status=200,
        latency_ms=1.0,
    )
    return ServedExchange(head, body, ANSWER)


def test_a_reading_process_that_hangs_or_dies_costs_one_prediction() -> None:
    reader = Reader(busy_statistics_share=1.0)
    patient_s = reader._timeout_s
    try:
        (record,) = reader.read(exchange("first")).records
        assert record.suffix == ".png" and record.row.scores is not None
        psutil.Process(reader.process_id).suspend()
        reader._timeout_s = 1.0
        reading = reader.read(exchange("hangs"))
        reader._timeout_s = patient_s
        (record,) = reading.records
        assert reading.counts == {"reader_restarts": 1}
        # What the head says is kept.
        assert (record.row.request_id, record.row.scores, record.suffix) == ("hangs", None, "")
        (record,) = reader.read(exchange("next")).records
        assert record.suffix == ".png"
        # Killed while it has nothing to do: nobody's fault, nobody's loss.
        psutil.Process(reader.process_id).kill()
        wait_until(lambda: not psutil.pid_exists(reader.process_id), str)
        (record,) = reader.read(exchange("after")).records
        assert record.suffix == ".png"
    finally:
        reader.close()


def test_memory_is_limited_by_what_a_body_takes() -> None:
    body = b'{"instances": [' + b'{"a":1},' * 1_000_000 + b"0]}"
    for memory_mib, wanted in ((64, {"out_of_memory": 1}), (512, {})):
        reader = Reader(busy_statistics_share=1.0, memory_mib=memory_mib)
        try:
            assert reader.read(exchange("large", body)).counts == wanted
            assert reader.read(exchange("small")).records[0].suffix == ".png"
        finally:
            reader.close()


def test_a_log_process_that_hangs_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, upstream: Upstream
) -> None:
    monkeypatch.setattr(log_queue_module, "_LONGEST_SILENCE_S", 3.0)
    settings = GatewaySettings(
        upstream=upstream.url,
        upstream_grpc="",
        log=LogSettings(folder=tmp_path, embedding_share=0.0),
    )

    async def scenario() -> dict[str, int]:
        queue = LogQueue(settings)
        await queue.start()
        await queue.wait_ready()
        log_process_of(os.getpid()).suspend()
        queue.offer(exchange("lost"))
        end = time.monotonic() + 60
        while queue.counts()["worker_restarts"] == 0 or not queue.working:
            assert time.monotonic() < end
            await asyncio.sleep(0.1)
        queue.offer(exchange("kept"))
        await queue.drain(timeout_s=60)
        return dict(queue.counts())

    counts = asyncio.run(scenario())
    assert (counts["offered"], counts["lost"], counts["log_rows"]) == (2, 1, 1)


def test_the_metrics_port_needs_no_key_and_passes_the_servers_page_on(
    tmp_path: Path, upstream: Upstream
) -> None:
    with running(
        tmp_path, upstream=upstream.url, environment={"GRAFT_API_KEY": "s3cret"}
    ) as gateway:
        assert ask(f"{gateway.rest}/gateway/metrics").status == 401
        assert ask(f"{gateway.metrics}/gateway/metrics").status == 200
        assert ask(f"{gateway.metrics}/gateway/ready").status == 200
        server = ask(f"{gateway.metrics}/monitoring/prometheus/metrics")
        assert json.loads(server.body)["model_version_status"]  # what the stand-in says to a GET
        # And nothing else: no way past the key.
        assert ask(f"{gateway.metrics}{PATH}", BODY).status == 404
        assert ask(f"{gateway.metrics}/v1/models/m").status == 404
        assert metric(gateway, "graft_gateway_log_lag_seconds") == 0.0
        worker = log_process_of(gateway.process.pid)
        worker.suspend()
        ask(gateway.rest + PATH, BODY, headers={"X-API-Key": "s3cret"})
        wait_until(lambda: metric(gateway, "graft_gateway_log_lag_seconds") > 0.2, gateway.text)
        assert metric(gateway, "graft_gateway_queue_records") == 1
        worker.resume()
        wait_until(lambda: metric(gateway, "graft_gateway_queue_records") == 0, gateway.text)
        newest = metric(gateway, "graft_gateway_log_newest_record_timestamp_seconds")
        assert abs(newest - time.time()) < 60
