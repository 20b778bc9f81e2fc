"""What the gateway costs: the same server with and without it, in turns within one run.

Logging is on, with embeddings, statistics and the sample of pictures at their defaults. Each client
sends a picture of its own over a connection of its own.

    python -m benchmarks.gateway_overhead [--saved-model DIR]
"""

import argparse
import base64
import json
import re
import statistics
import sys
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving_load import Sample, grpc_call, http_call, measure, process, wait_text
from benchmarks.serving_throughput import DEMO_MODEL, options, picture, prepared, start_server
from components.common.artifacts.monitoring.log_reading import read_log
from components.common.artifacts.monitoring.prediction_log import model_log
from serving.protocol import wire_messages as wire

PREDICT = "/v1/models/m:predict"
TARGET_MS, TARGET_SHARE = 2.0, 0.10


@dataclass
class Side:
    """One way to the server: the turns of its crowd and of a lone client."""

    crowd: list[Sample] = field(default_factory=list)
    lone: list[Sample] = field(default_factory=list)

    def rate(self) -> float:
        """Return requests per second of the crowd."""
        return _whole(self.crowd).rate


def _whole(turns: list[Sample]) -> Sample:
    whole = Sample()
    for turn in turns:
        whole.add(turn)
    return whole


def rest_body(data: bytes) -> bytes:
    return json.dumps({"instances": [{"b64": base64.b64encode(data).decode()}]}).encode()


def grpc_body(data: bytes) -> bytes:
    request = wire.PredictRequest()
    request.model_spec.name = "m"
    tensor = request.inputs["image_bytes"]
    tensor.dtype = wire.DT_STRING
    tensor.tensor_shape.dim.add(size=1)
    tensor.string_val.append(data)
    return bytes(request.SerializeToString())


@dataclass(frozen=True)
class Addresses:
    """Two ports on this machine."""

    grpc: int
    rest: int


def start_gateway(stack: ExitStack, work: Path, server: Addresses) -> Addresses:
    """Start `graft gateway` before the server."""
    command = [sys.executable, "-m", "pipelines.cli", "gateway"]
    command += ["--port=0", "--grpc-port=0", "--metrics-port=0"]
    command += [f"--upstream=http://127.0.0.1:{server.rest}"]
    command += [f"--upstream-grpc=127.0.0.1:{server.grpc}", f"--log={work / 'log'}"]
    output = work / "gateway.log"
    stack.enter_context(process(command, output))
    wait_text(output, " ready")
    rest, grpc = re.findall(r"127\.0\.0\.1:(\d+) passes", output.read_text())
    return Addresses(grpc=int(grpc), rest=int(rest))


def calls_to(address: Addresses, protocol: str, pictures: list[bytes]) -> list[Callable[[], None]]:
    if protocol == "gRPC":
        return [grpc_call(address.grpc, grpc_body(data)) for data in pictures]
    return [http_call(address.rest, PREDICT, rest_body(data)) for data in pictures]


def compare(arguments: argparse.Namespace, work: Path, saved_model: Path) -> None:
    """Run both sides in turns and print the table."""
    pictures = [picture(seed=number) for number in range(arguments.clients)]
    sides: dict[str, Side] = {}
    with ExitStack() as stack:
        server = Addresses(*start_server(stack, arguments, work, saved_model))
        gateway = start_gateway(stack, work, server)
        calls = {
            f"{protocol} {name}": calls_to(address, protocol, pictures)
            for protocol in ("gRPC", "REST")
            for name, address in (("direct", server), ("gateway", gateway))
        }
        for clients in calls.values():
            measure(clients, 1.0)
        for number in range(arguments.rounds):
            # The other order each time, so that a drift of the machine favours nobody.
            for name in sorted(calls, reverse=bool(number % 2)):
                side = sides.setdefault(name, Side())
                side.crowd.append(measure(calls[name], arguments.seconds))
                side.lone.append(measure(calls[name][:1], arguments.seconds))
        print(table(sides))
        print(ratios(sides))
        print(counts(gateway))
    print(logged(work / "log"))


def table(sides: dict[str, Side]) -> str:
    """Return requests per second and percentiles, a line a side."""
    lines = [f"{'':16}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'alone p50':>11}{'p99':>9}"]
    for name, side in sides.items():
        crowd, lone = _whole(side.crowd), _whole(side.lone)
        numbers = f"{crowd.percentile(50):9.1f}{crowd.percentile(99):9.1f}"
        numbers += f"{lone.percentile(50):11.2f}{lone.percentile(99):9.2f}"
        lines.append(f"{name:16}{crowd.rate:11.1f}{numbers}")
    return "\n".join(lines)


def ratios(sides: dict[str, Side]) -> str:
    """Compare with the targets; the spread is over the rounds."""
    lines = []
    for protocol in ("gRPC", "REST"):
        direct, through = sides[f"{protocol} direct"], sides[f"{protocol} gateway"]
        added = [
            b.percentile(50) - a.percentile(50)
            for a, b in zip(direct.lone, through.lone, strict=True)
        ]
        lost = [1 - b.rate / a.rate for a, b in zip(direct.crowd, through.crowd, strict=True)]
        lines += [
            f"{protocol}: adds {statistics.median(added):.2f} ms at p50 "
            f"({min(added):.2f} to {max(added):.2f}; target below {TARGET_MS:g})",
            f"{protocol}: costs {100 * (1 - through.rate() / direct.rate()):.1f} % of throughput "
            f"({100 * min(lost):.1f} to {100 * max(lost):.1f}; target below "
            f"{100 * TARGET_SHARE:g})",
        ]
    return "\n".join(lines)


def counts(gateway: Addresses) -> str:
    """Return what the gateway counted."""
    url = f"http://127.0.0.1:{gateway.rest}/gateway/health"
    with urllib.request.urlopen(url, timeout=10) as answer:
        return f"counts: {json.loads(answer.read())['counts']}"


def logged(folder: Path) -> str:
    """Return how much of the traffic the log holds, read as the monitor reads it."""
    found = read_log(model_log(folder, "m")).table
    measured = found.num_rows - found.column("s_mean").null_count
    embedded = found.num_rows - found.column("embedding").null_count
    return f"log: {found.num_rows} records, {measured} with statistics, {embedded} with embedding"


def main() -> None:
    parser = options((__doc__ or "").splitlines()[0], seconds=5.0, rounds=6)
    arguments = parser.parse_args()
    with prepared(arguments.saved_model, DEMO_MODEL) as (work, saved_model):
        compare(arguments, work, saved_model)


if __name__ == "__main__":
    main()
