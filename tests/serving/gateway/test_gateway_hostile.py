"""200 bodies made to take memory or time, beside neighbours that must not feel them."""

import base64
import gzip
import io
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
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
    grpc_answer,
    grpc_request,
    serving_grpc,
    serving_upstream,
)
from PIL import Image

from serving.protocol import wire_messages as wire
from serving.protocol.wire_messages import PREDICT

pytestmark = pytest.mark.slow

_LOG = logging.getLogger(__name__)
LIMIT_MIB = 1024
ZIPPED = {"Content-Encoding": "gzip"}
# Counted for each body that cannot be read, whatever is wrong with it.
NOT_READ = (
    "log_unreadable_requests",
    "log_out_of_memory",
    "log_reader_restarts",
    "log_undecodable",
)


@dataclass(frozen=True)
class Hostile:
    """A body, how often it is sent, and whether it can be read (it only claims too much)."""

    times: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    grpc: bool = False
    readable: bool = False


def claimed_shape() -> bytes:
    request = wire.PredictRequest()
    request.model_spec.name = "m"
    tensor = request.inputs["image"]
    tensor.dtype = 4
    for size in (10**12, 1, 1, 1):
        tensor.tensor_shape.dim.add(size=size)
    return bytes(request.SerializeToString())


def picture_bomb() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(buffer, format="PNG")
    picture = {"b64": base64.b64encode(buffer.getvalue()).decode()}
    return json.dumps({"instances": [picture]}).encode()


def zipped(item: bytes, mib: int) -> bytes:
    many = item * ((mib << 20) // len(item))
    return gzip.compress(b'{"instances": [' + many + b"0]}", 6)


def attack() -> list[Hostile]:
    numbers = b"[0.123,0.456,0.789]," * ((60 << 20) // 20)
    return [
        Hostile(60, claimed_shape(), grpc=True, readable=True),
        Hostile(60, zipped(b"[],", 99), ZIPPED),
        # Below every limit of size: only the memory that it takes ends it.
        Hostile(10, zipped(b'{"a":1},', 15), ZIPPED),
        Hostile(10, grpc_request(*[b""] * 10_000_000), grpc=True),
        Hostile(20, b'{"instances": ' + b"[" * 3_000_000),
        Hostile(20, picture_bomb()),
        Hostile(15, b"\xff\xff\xff", grpc=True),
        Hostile(5, b'{"instances": [[' + numbers + b"0]]}"),
    ]


@contextmanager
def peak_mib(process: psutil.Process) -> Iterator[Callable[[], float]]:
    """Watch what a container limit would count of a process and its children, in MiB."""
    peak, ended = 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.02):
            total = 0
            for one in [process, *process.children(recursive=True)]:
                try:
                    total += one.memory_full_info().pss
                except (psutil.NoSuchProcess, psutil.AccessDenied):
                    continue
            peak = max(peak, total / (1 << 20))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: peak
    finally:
        ended.set()
        watching.join()


def neighbour(gateway: Gateway, ended: threading.Event, failed: list[str]) -> int:
    """Ask over both protocols until the end; return how often."""
    count = 0
    with grpc.insecure_channel(gateway.grpc) as channel:
        call = channel.unary_unary(PREDICT)
        while not ended.is_set():
            answer = ask(gateway.rest + PATH, BODY)
            if (answer.status, answer.body) != (200, ANSWER):
                failed.append(f"REST {answer.status} {answer.body!r}")
            try:
                if call(grpc_request(png(9)), timeout=30) != grpc_answer():
                    failed.append("gRPC: another answer")
            except grpc.RpcError as error:
                failed.append(f"gRPC {error}")
            count += 2
            time.sleep(0.05)
    return count


def send(gateway: Gateway, one: Hostile) -> str:
    if not one.grpc:
        return str(ask(gateway.rest + PATH, one.body, headers=one.headers).status)
    with grpc.insecure_channel(gateway.grpc, [("grpc.max_send_message_length", -1)]) as channel:
        channel.unary_unary(PREDICT)(one.body, timeout=60)
    return "OK"


def test_hostile_bodies_cost_their_own_records_and_nobody_else(tmp_path: Path) -> None:
    with (
        serving_upstream() as upstream,
        serving_grpc() as upstream_grpc,
        running(
            tmp_path,
            "--embedding-share=0",
            upstream=upstream.url,
            upstream_grpc=upstream_grpc.address,
        ) as gateway,
        ThreadPoolExecutor() as pool,
        peak_mib(psutil.Process(gateway.process.pid)) as peak,
    ):
        failed: list[str] = []
        ended = threading.Event()
        neighbours = [pool.submit(neighbour, gateway, ended, failed) for _ in range(2)]
        hostile = [one for one in attack() for _ in range(one.times)]
        assert len(hostile) == 200
        answers = list(ThreadPoolExecutor(3).map(lambda one: send(gateway, one), hostile))
        ended.set()
        honest = sum(one.result() for one in neighbours)

        def settled() -> bool:
            counts = gateway.health()["counts"]
            through = counts["log_received"] + counts["dropped"] + counts["lost"]
            return bool(through == counts["offered"])

        wait_until(settled, lambda: str(gateway.health()), seconds=180)
        counts = gateway.health()["counts"]
        _LOG.info("%d neighbours, peak %.0f MiB, %s", honest, peak(), counts)
        assert failed == []
        # Every one is counted: it was refused, not logged, or could not be read.
        assert set(answers) <= {"200", "OK", "429"}
        busy = answers.count("429")
        page = ask(f"{gateway.metrics}/gateway/metrics").body.decode()
        assert f'graft_gateway_refused_total{{reason="busy"}} {busy}.0' in page
        assert counts["offered"] == honest + len(hostile) - busy
        unreadable = sum(not one.readable for one in hostile) - busy
        not_logged = counts["dropped"] + counts["lost"]
        not_read = sum(counts[name] for name in NOT_READ)
        assert unreadable - not_logged <= not_read <= unreadable
        assert counts["log_failures"] == 0
        # The log's process lived through it; only its reading process was replaced.
        assert counts["worker_restarts"] == 0 and counts["log_reader_restarts"] > 0
        assert peak() < LIMIT_MIB
