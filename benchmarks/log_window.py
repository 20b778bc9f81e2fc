"""What a look at a window of a long prediction log reads, and the memory and time that it takes.

    python -m benchmarks.log_window --days 90 --parts 144 --rows 600 --window-days 7

Makes a log as gateways write it (random numbers), merges what a gateway would have merged by
then, and looks at it in a process of its own. `--small` leaves the parts as they were written.
"""

import argparse
import datetime as dt
import functools
import hashlib
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.progress import track

from components.common.artifacts.monitoring.prediction_log import DAY_S, SCHEMA, STATISTIC_COLUMNS
from components.monitor.observe.windows import from_log
from serving.gateway.log.parts import Parts

EMBEDDING = 1280
EMBEDDING_SHARE = 0.05
MIB = 1 << 20


@functools.cache
def usual_columns(rows: int) -> dict[str, pa.Array]:
    """Return what may repeat from part to part."""
    random = np.random.default_rng(0)
    taken = random.random(rows) < EMBEDDING_SHARE
    vectors = [random.random(EMBEDDING, dtype=np.float32) if one else None for one in taken]
    return {one.name: pa.nulls(rows, one.type) for one in SCHEMA} | {
        "row": pa.array(np.zeros(rows, np.int32)),
        "version": pa.array(np.ones(rows, np.int64)),
        "status": pa.array(np.zeros(rows, np.int32)),
        "decision": pa.array(["functional"] * rows),
        "scores": pa.array(list(random.random((rows, 2), np.float32)), pa.list_(pa.float32())),
        "embedding": pa.array(vectors, pa.list_(pa.float32())),
        **{name: pa.array(random.random(rows, np.float32)) for name in STATISTIC_COLUMNS},
    }


def write_part(root: Path, begin_unix_s: float, *, rows: int, span_s: float) -> None:
    """Write one part of `rows` records over `span_s` seconds."""
    times = begin_unix_s + np.arange(rows) * span_s / rows
    names = [hashlib.sha256(f"{one}".encode()).hexdigest() for one in times]
    columns = usual_columns(rows) | {
        "time_unix_s": pa.array(times),
        "request_id": pa.array([name[:32] for name in names]),
        "picture_sha256": pa.array(names),
    }
    start = dt.datetime.fromtimestamp(begin_unix_s, dt.UTC)
    folder = root / start.strftime("%Y-%m-%d")
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{start:%Y%m%dT%H%M%S.%fZ}-bench.parquet"
    pq.write_table(pa.table(columns, schema=SCHEMA), part, compression="zstd")
    os.utime(part, (times[-1], times[-1]))


def peak_mib() -> int:
    """Return the most memory that this program had; `getrusage` counts its parent's as well."""
    (kib,) = re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(kib) // 1024


def look(root: Path, now_unix_s: float, window_days: float) -> None:
    """Read a window and print what it took, as JSON."""
    opened: set[str] = set()
    read = pq.read_table

    def counted(path: Path, **options: object) -> pa.Table:
        opened.add(str(path))
        return read(path, **options)

    pq.read_table = counted
    since = now_unix_s - window_days * DAY_S
    before_mib = peak_mib()
    begin = time.perf_counter()
    window = from_log(
        root, version=1, classes=("a", "b"), now_unix_s=now_unix_s, since_unix_s=since
    )
    figures = {
        "opened parts": len(opened),
        "opened days": len({Path(path).parent.name for path in opened}),
        "records": window.info.pictures + sum(window.info.left_out.values()),
        "seconds": round(time.perf_counter() - begin, 1),
        "MiB before": before_mib,
        "MiB peak": peak_mib(),
    }
    print(json.dumps(figures))


def main() -> None:
    """Make a log, merge it, look at it."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, value in (("days", 90), ("parts", 144), ("rows", 600), ("window-days", 7)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--look", nargs=2, help=argparse.SUPPRESS)
    words = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    if words.look:
        look(Path(words.look[0]), float(words.look[1]), words.window_days)
        return
    with tempfile.TemporaryDirectory() as folder:
        root, now = Path(folder) / "solar", time.time() // DAY_S * DAY_S
        span_s = DAY_S / words.parts
        for part in track(range(words.days * words.parts), description="writing"):
            write_part(root, now - (part + 1) * span_s, rows=words.rows, span_s=span_s)
        size = sum(path.stat().st_size for path in root.rglob("*.parquet"))
        records = words.days * words.parts * words.rows
        print(f"{records} records of {size / records:.0f} bytes")
        if not words.small:
            parts, longest_s, merged = Parts(root), 0.0, 1
            begin = time.perf_counter()
            while merged:
                last = time.perf_counter()
                merged = parts.merge_some()
                longest_s = max(longest_s, time.perf_counter() - last)
            took_s = time.perf_counter() - begin
            left = len(list(root.rglob("*.parquet")))
            print(f"merged to {left} parts in {took_s:.1f} s, at most {longest_s:.2f} s at once")
        argv = [sys.executable, "-m", "benchmarks.log_window", "--look", str(root), str(now)]
        subprocess.run([*argv, f"--window-days={words.window_days}"], check=True)


if __name__ == "__main__":
    main()
