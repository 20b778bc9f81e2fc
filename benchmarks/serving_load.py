"""Load for the serving benchmark: clients in threads, and the processes they talk to."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass
class Sample:
    """Latencies in seconds and the wall time they took together."""

    latencies: list[float] = field(default_factory=list)
    wall: float = 0.0

    def add(self, other: "Sample") -> None:
        """Append another turn."""
        self.latencies += other.latencies
        self.wall += other.wall

    @property
    def rate(self) -> float:
        """Calls per second."""
        return len(self.latencies) / self.wall

    def percentile(self, percent: float) -> float:
        """Return a percentile of the latencies in milliseconds."""
        return float(np.percentile(self.latencies, percent)) * 1000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(command: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a command until the block ends; its stdout is a pipe, its stderr a file."""
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": str(REPOSITORY)}
    with log.open("w") as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
        try:
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(40)
            except subprocess.TimeoutExpired:
                child.kill()


def wait_port(port: int, child: subprocess.Popen[str], log: Path) -> float:
    begin = time.perf_counter()
    while child.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return time.perf_counter() - begin
        time.sleep(0.02)
    raise SystemExit(f"a server did not start:\n{log.read_text()}")


def wait_text(log: Path, text: str) -> None:
    """Wait until a log contains a text, ten seconds at most."""
    end = time.perf_counter() + 10
    while text not in log.read_text() and time.perf_counter() < end:
        time.sleep(0.05)


def measure(calls: list[Callable[[], None]], seconds: float) -> Sample:
    """Let each call run in a thread of its own, over and over."""
    samples: list[list[float]] = [[] for _ in calls]
    failures: list[BaseException] = []
    end = time.perf_counter() + seconds

    def client(call: Callable[[], None], out: list[float]) -> None:
        try:
            while (begin := time.perf_counter()) < end:
                call()
                out.append(time.perf_counter() - begin)
        except BaseException as error:
            failures.append(error)

    threads = [
        threading.Thread(target=client, args=pair) for pair in zip(calls, samples, strict=True)
    ]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return Sample([one for sample in samples for one in sample], time.perf_counter() - begin)


def http_call(port: int, path: str, body: bytes) -> Callable[[], None]:
    """Return a call over a connection of its own, kept open."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call() -> None:
        connection.request("POST", path, body)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise RuntimeError(f"{path}: {response.status} {text[:300]!r}")

    return call


def grpc_call(port: int, request: bytes) -> Callable[[], None]:
    """Return a call with a ready-made request on a channel of its own."""
    import grpc

    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
    method = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")

    def call() -> None:
        method(request, timeout=120)

    return call


class BareLoop:
    """The worker that calls the SavedModel itself; silent between orders."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        hello = json.loads(self._read())
        self.input = hello["input"]
        self.request = base64.b64decode(hello["request"])

    def _read(self) -> str:
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise SystemExit("the bare loop ended; its messages are in loop.log")
        return line

    def run(self, batch: int, seconds: float) -> Sample:
        """Return one latency per picture's batch, and the wall time."""
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps({"batch": batch, "seconds": seconds}) + "\n")
        self._child.stdin.flush()
        answer = json.loads(self._read())
        return Sample(answer["latencies"], answer["wall"])
