"""Throughput and latency of the local server, beside what a user would run instead.

Contestants, measured in turns within one run, on the same SavedModel and the same picture:

* a bare loop: one process calls the SavedModel's signature, at its best batch size;
* the local server with batching, many clients, over gRPC and over REST;
* FastAPI + uvicorn that calls the SavedModel's signature in its thread pool;
* the same with the network in ONNX Runtime, of an export and where it and tf2onnx are installed.

    python -m benchmarks.serving_throughput [--saved-model DIR] [--soak 50000]
"""

import argparse
import base64
import functools
import io
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.serving_load import (
    BareLoop,
    Sample,
    free_port,
    grpc_call,
    http_call,
    measure,
    process,
    wait_port,
    wait_text,
)

# Side of the picture in pixels, width multiplier. The soak is about memory, not arithmetic.
DEMO_MODEL = ["160", "1.0"]
SOAK_MODEL = ["96", "0.35"]
BATCHES = (1, 4, 8, 16, 32, 64)
BATCHING = Path(__file__).resolve().parents[1] / "serving" / "config" / "batching.config"
FASTAPI = {"fastapi": "FastAPI, signature", "onnx": "FastAPI, ONNX Runtime"}
WORKERS = Path(__file__).with_name("serving_throughput_workers.py")


def picture(side: int = 300, *, seed: int = 0) -> bytes:
    """Return a square PNG with structure, about as large as an inspection picture."""
    grid = np.linspace(0, 12, side)
    wave = 127 + 80 * np.sin(grid)[:, None] * np.cos(grid)[None, :]
    noise = np.random.default_rng(seed).normal(0, 12, (side, side))
    out = io.BytesIO()
    Image.fromarray(np.clip(wave + noise, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()


@dataclass
class Results:
    """All samples by name."""

    samples: dict[str, Sample] = field(default_factory=dict)

    def add(self, name: str, sample: Sample) -> None:
        """Append a turn to a contestant's sample."""
        self.samples.setdefault(name, Sample()).add(sample)

    def table(self) -> str:
        """Return pictures per second and percentiles, a line per contestant."""
        lines = [f"{'':34}{'pictures/s':>11}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}"]
        for name, sample in self.samples.items():
            batch = int(name.rpartition(" ")[2]) if name.startswith("bare loop") else 1
            numbers = "".join(f"{sample.percentile(percent):9.1f}" for percent in (50, 95, 99))
            lines.append(f"{name:34}{sample.rate * batch:11.1f}{numbers}")
        return "\n".join(lines)


def ratios(results: Results, clients: int) -> str:
    """Compare with the targets that the project set itself, and with FastAPI."""
    samples = results.samples
    loops = {name: sample for name, sample in samples.items() if name.startswith("bare loop")}
    best = max(sample.rate * int(name.rpartition(" ")[2]) for name, sample in loops.items())
    bare = loops["bare loop, batch 1"].percentile(50)
    limit = 1.15 * bare + 2
    lines = []
    for protocol in ("gRPC", "REST"):
        rate = samples[f"server {protocol}, {clients} clients"].rate
        lone = samples[f"server {protocol}, 1 client"].percentile(50)
        lines += [
            f"{protocol}: {rate / best:.2f} of the bare loop's best (target 0.95)",
            f"{protocol}: lone p50 {lone:.1f} ms, bare {bare:.1f} ms, limit {limit:.1f} ms",
        ]
        for name in FASTAPI.values():
            if (other := samples.get(f"{name}, {clients} clients")) is not None:
                lines.append(f"{protocol}: {rate / other.rate:.2f} x {name}")
    return "\n".join(lines)


def compare(arguments: argparse.Namespace, work: Path, saved_model: Path) -> None:
    """Run all contestants in turns and print the table."""
    image = work / "picture.png"
    image.write_bytes(picture())
    results = Results()
    with ExitStack() as stack:
        worker = [sys.executable, str(WORKERS), "loop", str(saved_model), str(image)]
        loop = BareLoop(stack.enter_context(process(worker, work / "loop.log")))
        port, rest_port = start_server(stack, arguments, work, saved_model)
        fastapi_ports = start_fastapi(stack, work, saved_model, loop.input)
        encoded = base64.b64encode(image.read_bytes()).decode()
        body = json.dumps({"instances": [{"b64": encoded}]}).encode()
        many = range(arguments.clients)
        callers = {
            "server gRPC": [grpc_call(port, loop.request) for _ in many],
            "server REST": [http_call(rest_port, "/v1/models/m:predict", body) for _ in many],
        }
        for name, fastapi_port in fastapi_ports.items():
            callers[name] = [http_call(fastapi_port, "/predict", image.read_bytes()) for _ in many]
        turns: list[tuple[str, Callable[[float], Sample]]] = [
            (f"bare loop, batch {batch}", functools.partial(loop.run, batch)) for batch in BATCHES
        ]
        for count, crowd in ((arguments.clients, f"{arguments.clients} clients"), (1, "1 client")):
            turns += [
                (f"{name}, {crowd}", functools.partial(measure, calls[:count]))
                for name, calls in callers.items()
            ]
        for _, turn in turns:
            turn(1.0)
        for _ in range(arguments.rounds):
            for name, turn in turns:
                results.add(name, turn(arguments.seconds))
    print(results.table())
    print(ratios(results, arguments.clients))


def start_fastapi(stack: ExitStack, work: Path, saved_model: Path, name: str) -> dict[str, int]:
    """Start the applications that can run here; return their ports by name."""
    ports = {}
    for role, more in {"fastapi": [name], "onnx": []}.items():
        port, log = free_port(), work / f"{role}.log"
        worker = [sys.executable, str(WORKERS), role, str(saved_model), str(port), *more]
        child = stack.enter_context(process(worker, log))
        try:
            wait_port(port, child, log)
        except SystemExit:
            if role == "fastapi":
                raise
            print(f"{FASTAPI[role]}: left out, {log.read_text().splitlines()[-1]}")
            continue
        ports[FASTAPI[role]] = port
    return ports


def start_server(
    stack: ExitStack, arguments: argparse.Namespace, work: Path, saved_model: Path
) -> tuple[int, int]:
    """Start the local server with batching; return its two ports."""
    base = work / "models"
    shutil.copytree(saved_model, base / "1")
    port, rest_port = free_port(), free_port()
    command = [
        sys.executable,
        "-m",
        "serving.server",
        "--model_name=m",
        f"--model_base_path={base}",
        f"--port={port}",
        f"--rest_api_port={rest_port}",
        "--enable_batching=true",
        f"--batching_parameters_file={arguments.batching}",
        *arguments.server_flags,
    ]
    child = stack.enter_context(process(command, work / "server.log"))
    seconds = wait_port(rest_port, child, work / "server.log")
    wait_text(work / "server.log", "ready ")
    ready = (work / "server.log").read_text().partition(": ready ")[2].partition("\n")[0]
    print(f"server ready {seconds:.1f} s after its start, {ready} (target 3.0)")
    return port, rest_port


def soak(arguments: argparse.Namespace, work: Path, saved_model: Path) -> None:
    """Send many requests over both protocols and print the memory curve."""
    import psutil

    image = work / "picture.png"
    image.write_bytes(picture(96))
    with ExitStack() as stack:
        worker = [sys.executable, str(WORKERS), "loop", str(saved_model), str(image)]
        loop = BareLoop(stack.enter_context(process(worker, work / "loop.log")))
        port, rest_port = start_server(stack, arguments, work, saved_model)
        (server,) = [
            psutil.Process(one.pid)
            for one in psutil.net_connections()
            if one.laddr and one.laddr.port == rest_port and one.status == psutil.CONN_LISTEN
        ]
        encoded = base64.b64encode(image.read_bytes()).decode()
        body = json.dumps({"instances": [{"b64": encoded}]}).encode()
        half = arguments.clients // 2
        calls = [grpc_call(port, loop.request) for _ in range(half)]
        calls += [http_call(rest_port, "/v1/models/m:predict", body) for _ in range(half)]
        done, curve = 0, []
        begin = time.perf_counter()
        while done < arguments.soak:
            done += len(measure(calls, arguments.seconds).latencies)
            curve.append((done, server.memory_info().rss / 2**20))
            print(f"{done:8d} requests {curve[-1][1]:8.1f} MiB", flush=True)
        elapsed = time.perf_counter() - begin
        late = [size for count, size in curve if count > arguments.soak / 2]
        growth = statistics.mean(late[-3:]) - statistics.mean(late[:3])
        print(f"{done / elapsed:.0f} requests/s; second half grew by {growth:.1f} MiB")


def options(title: str, *, seconds: float, rounds: int) -> argparse.ArgumentParser:
    """Return the parser of what both serving benchmarks take."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--saved-model", type=Path, help="a version's folder; default: random")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=seconds, help="length of a turn")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--batching", type=Path, default=BATCHING, help="batching parameters file")
    parser.add_argument("--server-flags", nargs="*", default=[], help="more server flags")
    return parser


@contextmanager
def prepared(given: Path | None, model: list[str]) -> Iterator[tuple[Path, Path]]:
    """Yield a folder to work in and a SavedModel: the given one, or one of this side and width."""
    with tempfile.TemporaryDirectory(prefix="serving-bench-") as name:
        work = Path(name)
        if given is None:
            command = [sys.executable, str(WORKERS), "build", str(work / "built"), *model]
            with (work / "build.log").open("w") as log:
                subprocess.run(command, check=True, stdout=log, stderr=log)
        yield work, given or work / "built"


def main() -> None:
    parser = options((__doc__ or "").splitlines()[0], seconds=4.0, rounds=3)
    parser.add_argument("--soak", type=int, default=0, metavar="N", help="N requests, memory curve")
    arguments = parser.parse_args()
    model = SOAK_MODEL if arguments.soak else DEMO_MODEL
    with prepared(arguments.saved_model, model) as (work, saved_model):
        (soak if arguments.soak else compare)(arguments, work, saved_model)


if __name__ == "__main__":
    main()
