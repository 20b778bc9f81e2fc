"""How fast one pass over the pictures yields their facts: `python -m benchmarks.facts`.

The arms take the same encoded pictures in turns, on as many threads as a run would take; what
counts is the median of the rounds. Decoding alone is what nobody can do without. The rival computes
one perceptual hash a picture as the `imagehash` package does: Pillow's Lanczos filter, SciPy's
cosine transform, the median. Processor time tells what a machine without other work would take.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from components.common.pictures.decode import decode
from components.common.pictures.perceptual_hash import perceptual_hash
from components.common.progress import track, worker_count
from components.validate.facts import measured

ROUNDS = 5
_PICTURES = 600


@dataclass(frozen=True)
class FactsArm:
    """One way to look at all pictures; seconds of each round, by the clock and of processors."""

    name: str
    look: Callable[[Sequence[bytes]], object]
    wall_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    def measure(self, pictures: Sequence[bytes]) -> None:
        """Look at all pictures once."""
        wall_s, processor_s = time.perf_counter(), time.process_time()
        self.look(pictures)
        self.wall_s.append(time.perf_counter() - wall_s)
        self.processor_s.append(time.process_time() - processor_s)


def imagehash_like(data: bytes) -> int:
    """Return the 64 bits of `imagehash.phash`."""
    from scipy.fftpack import dct

    image = Image.open(io.BytesIO(data)).convert("L").resize((32, 32), Image.Resampling.LANCZOS)
    low = dct(dct(np.asarray(image), axis=0), axis=1)[:8, :8]
    return int.from_bytes(np.packbits(low > np.median(low)).tobytes())


def arms() -> tuple[FactsArm, ...]:
    """Return what is compared, all facts first."""
    return (
        FactsArm("all facts", _all_facts),
        FactsArm("decoding alone", _each(decode)),
        FactsArm("our hash alone", _each(lambda data: perceptual_hash(decode(data)))),
        FactsArm("imagehash's hash alone", _each(imagehash_like)),
    )


def _each(look: Callable[[bytes], Any]) -> Callable[[Sequence[bytes]], object]:
    def all_of(pictures: Sequence[bytes]) -> object:
        with ThreadPoolExecutor(worker_count()) as pool:
            return list(pool.map(look, pictures))

    return all_of


def _all_facts(pictures: Sequence[bytes]) -> object:
    return measured([str(number) for number in range(len(pictures))], lambda at: pictures[int(at)])


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data/elpv"), help="a folder of pictures")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    files = sorted(asked.data.rglob("*.png"))[:_PICTURES]
    pictures = [file.read_bytes() for file in files]
    compared = arms()
    for _ in track(range(asked.rounds), "rounds"):
        for arm in compared:
            arm.measure(pictures)
    threads = worker_count()
    table = Table("", "pictures/s", "processor ms", f"at most/s on {threads} cores", "to decoding")
    unit_s = statistics.median(compared[1].processor_s)
    for arm in compared:
        wall_s, processor_s = map(statistics.median, (arm.wall_s, arm.processor_s))
        table.add_row(
            arm.name,
            f"{len(pictures) / wall_s:.0f}",
            f"{1e3 * processor_s / len(pictures):.2f}",
            f"{threads * len(pictures) / processor_s:.0f}",
            f"{processor_s / unit_s:.2f}",
        )
    console = Console()
    console.print(table)
    console.print(f"{len(pictures)} pictures, {asked.rounds} rounds, {threads} threads")


if __name__ == "__main__":
    main()
