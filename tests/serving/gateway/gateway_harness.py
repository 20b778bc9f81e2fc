"""A gateway as a process, and what a client sees of it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from components.common.artifacts.monitoring.log_reading import read_log
from components.common.artifacts.monitoring.prediction_log import model_log

ROOT = Path(__file__).parents[3]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str:
        return str(json.loads(self.body)["error"])


def ask(
    url: str, body: bytes | None = None, *, method: str = "", headers: dict[str, str] | None = None
) -> Answer:
    request = urllib.request.Request(
        url, body, headers or {}, method=method or ("GET" if body is None else "POST")
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            return Answer(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, dict(error.headers), error.read())


class Gateway:
    """A running gateway; its process group holds nothing else."""

    def __init__(self, process: "subprocess.Popen[bytes]", output: Path, log: Path) -> None:
        self.process = process
        self.output = output
        self.log = log
        wait_until(lambda: " ready" in self.text() or process.poll() is not None, self.text)
        assert process.poll() is None, self.text()
        (self.rest,) = re.findall(r"REST (https?://\S+) passes", self.text())
        (self.metrics,) = re.findall(r"metrics (http://\S+)/gateway/metrics", self.text())
        found = re.findall(r"gRPC (\S+) passes", self.text())
        self.grpc = found[0] if found else ""

    def text(self) -> str:
        return self.output.read_text()

    def health(self) -> dict[str, Any]:
        return dict(json.loads(ask(f"{self.rest}/gateway/health").body))

    def count(self, name: str) -> int:
        return int(self.health()["counts"].get(name, 0))

    def wait_count(self, name: str, wanted: int) -> None:
        wait_until(lambda: self.count(name) >= wanted, lambda: str(self.health()))

    def table(self, model: str) -> pa.Table:
        return read_log(model_log(self.log, model)).table

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """End the gateway and its log's process at once, as a lost container would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


def wait_until(
    condition: Callable[[], bool], tell: Callable[[], str], *, seconds: float = 60
) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, tell()
        time.sleep(0.05)


@contextlib.contextmanager
def running(
    folder: Path,
    *flags: str,
    upstream: str,
    upstream_grpc: str = "",
    log: Path | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Gateway]:
    """Run `graft gateway` on free ports until the block ends."""
    output = folder / f"gateway-{time.monotonic_ns()}.txt"
    log = log or folder / "log"
    command = [sys.executable, "-m", "pipelines.cli", "gateway"]
    command += ["--port=0", "--grpc-port=0", "--metrics-port=0"]
    command += [f"--upstream={upstream}", f"--upstream-grpc={upstream_grpc}", f"--log={log}"]
    with output.open("wb") as stream:
        process = subprocess.Popen(
            [*command, *flags],
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    try:
        yield Gateway(process, output, log)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
