"""What the probe holds in memory: `python -m benchmarks.probe_memory`.

Generated features of two classes in float16, mapped from a file as the activation cache maps them,
in four views. One arm takes them in blocks, as the product does; the other has blocks without a
limit and holds whole arrays. Each arm fits in a process of its own, whose peak resident memory is
what the table says, with the processor seconds of the fit.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from components.common.progress import track
from components.networks.data import Split
from components.networks.probe import blocks
from components.networks.probe.probe import fit_probe

_FEATURES, _VIEWS, _ROWS_AT_ONCE, _IN_A_LOT = 1280, 4, 5000, 25
_STRENGTH = 1e-3
_BEYOND_ALL = 1 << 60


def write_features(path: Path, *, pictures: int) -> None:
    """Write float16 [_VIEWS * pictures, _FEATURES]: noise, and what tells the classes apart."""
    rng = np.random.default_rng(0)
    apart = 0.05 * rng.normal(size=_FEATURES).astype(np.float32)
    shape = (_VIEWS * pictures, _FEATURES)
    written = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    firsts = range(0, len(written), _ROWS_AT_ONCE)
    for first in track(firsts, "generating features", total=len(firsts)):
        rows = np.arange(first, min(first + _ROWS_AT_ONCE, len(written)))
        side = np.where(rows % pictures % 2, 1.0, -1.0).astype(np.float32)[:, None]
        noise = rng.standard_normal((len(rows), _FEATURES), dtype=np.float32)
        written[rows[0] : rows[-1] + 1] = noise + side * apart
    written.flush()


def fitted(path: Path, *, whole: bool) -> dict[str, float]:
    """Fit a probe; return the peak memory of this process in GiB and processor seconds."""
    if whole:
        blocks.BLOCK_BYTES = blocks.IN_MEMORY_BYTES = _BEYOND_ALL
    features = np.load(path, mmap_mode="r")
    pictures = len(features) // _VIEWS
    labels = np.arange(pictures) % 2
    split = Split(
        pixels=np.broadcast_to(np.zeros((1, 1, 1, 1), np.uint8), (len(features), 1, 1, 1)),
        targets=np.eye(2, dtype=np.float32)[labels],
        labels=labels,
        weights=np.ones(pictures, np.float32),
        groups=(np.arange(pictures) // _IN_A_LOT).astype(str),
        paths=(),
        content_sha256="",
    )
    started_s = time.process_time()
    fit_probe(features, split, strength=_STRENGTH, seed=0)
    seconds = time.process_time() - started_s
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"gib": peak_kib / 2**20, "seconds": seconds}


def _apart(path: Path, arm: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.probe_memory", "--fit", str(path), "--arm", arm]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(printed)
    return found


def main() -> None:
    """Measure both arms at every size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, nargs="+", default=[3125, 12500, 50000])
    parser.add_argument("--fit", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--arm", default="blocks", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fit:
        print(json.dumps(fitted(asked.fit, whole=asked.arm == "whole")))
        return
    table = Table("pictures", "rows", "whole: GiB", "s", "blocks: GiB", "s")
    for pictures in asked.pictures:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "features.npy"
            write_features(path, pictures=pictures)
            arms = [_apart(path, arm) for arm in ("whole", "blocks")]
        cells = [cell for arm in arms for cell in (f"{arm['gib']:.2f}", f"{arm['seconds']:.1f}")]
        table.add_row(f"{pictures:,}", f"{_VIEWS * pictures:,}", *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
