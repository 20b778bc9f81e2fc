"""Batch prediction: does memory stay flat and time linear, and what does Beam cost?

`graft batch` over growing numbers of small generated pictures, each count in a process of its own,
beside a plain loop: read the files, call the SavedModel's signature, keep the answers. The model is
a small MobileNetV2 with random weights, so that what is measured is the way there and back.

    python -m benchmarks.batch_prediction [--counts 12500,25000,50000]
    python -m benchmarks.batch_prediction --counts 1000,2000 --side 300 --saved-model DIR
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PIL import Image

REPOSITORY = Path(__file__).resolve().parents[1]
BATCH_SIZE = 32
PART_SIZE = 250


@dataclass(frozen=True, kw_only=True)
class Look:
    """A moment of a run."""

    done: int
    wall_s: float
    memory_mib: float


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One process's run. Times are from the first answer on: starting is not counted."""

    looks: tuple[Look, ...]
    cpu_s: float

    @property
    def pictures(self) -> int:
        """Pictures answered after the first look."""
        return self.looks[-1].done - self.looks[0].done

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.pictures / (self.looks[-1].wall_s - self.looks[0].wall_s)

    def memory_mib(self, share: float) -> float:
        """Memory when `share` of the pictures was done."""
        wanted = share * self.looks[-1].done
        return next(look.memory_mib for look in self.looks if look.done >= wanted)


class Recorder:
    """Listens to progress."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._looks: list[Look] = []
        self._cpu_s = 0.0

    def __call__(self, progress: Any) -> None:
        """Take note of one report of `components.common.progress`."""
        if not progress.done or (self._looks and self._looks[-1].done == progress.done):
            return
        if not self._looks:
            self._cpu_s = time.process_time()
        memory_mib = self._process.memory_info().rss / 2**20
        look = Look(done=progress.done, wall_s=time.perf_counter(), memory_mib=memory_mib)
        self._looks.append(look)

    def measured(self) -> Measured:
        """Return all that was noted."""
        return Measured(looks=tuple(self._looks), cpu_s=time.process_time() - self._cpu_s)


def batch(model: str, listing: str, out: str) -> Measured:
    """`graft batch`, in this process."""
    from pipelines.batch import import_beam

    import_beam()
    from components.common.progress import listening
    from pipelines.batch.launch import run_batch

    recorder = Recorder()
    with listening(recorder):
        summary = run_batch(
            model=model, pictures=listing, out=out, batch_size=BATCH_SIZE, part_size=PART_SIZE
        )
    if summary.counts.failed:
        raise SystemExit(f"{summary.counts.failed} pictures failed")
    return recorder.measured()


def loop(model: str, listing: str, out: str) -> Measured:
    """What one would write first."""
    import tensorflow as tf

    from components.common.progress import Progress

    signature = tf.saved_model.load(model).signatures["serving_default"]
    paths = Path(listing).read_text().split()
    recorder = Recorder()
    scores = []
    for start in range(0, len(paths), BATCH_SIZE):
        data = [Path(path).read_bytes() for path in paths[start : start + BATCH_SIZE]]
        scores.append(signature(image_bytes=tf.constant(data))["probabilities"].numpy())
        done = start + len(data)
        if done // PART_SIZE != start // PART_SIZE or done == len(paths):
            recorder(Progress("", done, len(paths)))
    np.save(out, np.concatenate(scores))
    return recorder.measured()


def build(folder: str) -> None:
    """Write a small model with the bytes signature of a Graft export."""
    import keras
    import tensorflow as tf

    side = 48
    network = keras.applications.MobileNetV2(
        input_shape=(side, side, 3), weights=None, classes=2, alpha=0.35
    )

    def decode(data: Any) -> Any:
        image = tf.io.decode_image(data, channels=3, expand_animations=False)
        image.set_shape([None, None, 3])
        return tf.image.resize(tf.cast(image, tf.float32), [side, side]) / 127.5 - 1.0

    def serve(image_bytes: Any) -> Any:
        spec = tf.TensorSpec([side, side, 3], tf.float32)
        pixels = tf.map_fn(decode, image_bytes, fn_output_signature=spec)
        scores = network(pixels, training=False)
        names = tf.gather(tf.constant(["good", "bad"]), tf.argmax(scores, axis=1))
        return {"probabilities": scores, "classes": names, "decision": names}

    archive = keras.export.ExportArchive()
    archive.track(network)
    pictures = [tf.TensorSpec([None], tf.string, name="image_bytes")]
    archive.add_endpoint("serving_default", serve, input_signature=pictures)
    archive.write_out(folder)


def write_pictures(folder: Path, count: int, side: int) -> list[str]:
    """Write PNGs of `side` × `side` pixels, each different, a thousand a folder."""
    rng = np.random.default_rng(0)
    paths = []
    for number in range(count):
        path = folder / f"{number // 1000:03d}" / f"{number:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        coarse = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC).save(buffer, "PNG")
        path.write_bytes(buffer.getvalue())
        paths.append(str(path))
    return paths


def measure(role: str, *words: str) -> Measured:
    """Run one contestant in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.batch_prediction", "--role", role, *words]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        command, env=environment, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
    )
    if role == "build":
        return Measured(looks=(), cpu_s=0.0)
    plain = json.loads(done.stdout.splitlines()[-1])
    looks = tuple(Look(**look) for look in plain["looks"])
    return Measured(looks=looks, cpu_s=plain["cpu_s"])


def compare(counts: list[int], *, side: int, saved_model: str | None, work: Path) -> None:
    """Print a line a run, loops between the batches, and the ratios."""
    paths = write_pictures(work / "pictures", max(counts), side)
    model = saved_model or str(work / "model" / "1")
    if not saved_model:
        measure("build", model)
    print(f"{'':22}{'pictures/s':>11}{'CPU ms each':>12}{'MiB at 25 %':>12}{'50 %':>7}{'100 %':>7}")
    runs: dict[tuple[str, int], Measured] = {}
    for count in counts:
        listing = work / f"{count}.txt"
        listing.write_text("\n".join(paths[:count]) + "\n")
        roles = ("loop", "batch") if count <= sorted(counts)[-2] else ("batch",)
        for role in roles:
            run = measure(role, model, str(listing), str(work / f"{role}-{count}"))
            runs[role, count] = run
            memory = "".join(f"{run.memory_mib(share):{w}.0f}" for share, w in WIDTHS.items())
            name = f"{'graft batch' if role == 'batch' else 'plain loop'}, {count:,}"
            each_ms = run.cpu_s / run.pictures * 1000
            print(f"{name:22}{run.rate:11.0f}{each_ms:12.2f}{memory}", flush=True)
    few, many = runs["batch", min(counts)], runs["batch", max(counts)]
    print(f"graft batch to plain loop: {ratios(runs)}")
    print(f"rate at {max(counts):,} to {min(counts):,}: {many.rate / few.rate:.2f}")
    print(f"growth over the last half: {many.memory_mib(1) - many.memory_mib(0.5):.0f} MiB")


WIDTHS = {0.25: 12, 0.5: 7, 1.0: 7}


def ratios(runs: dict[tuple[str, int], Measured]) -> str:
    """Return the ratio of rates at every count that both ran."""
    both = [count for role, count in runs if role == "loop"]
    return ", ".join(f"{runs['batch', n].rate / runs['loop', n].rate:.2f} ({n:,})" for n in both)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="12500,25000,50000")
    parser.add_argument("--side", type=int, default=64, help="of the pictures, in pixels")
    parser.add_argument("--saved-model", help="ask this one; it needs the bytes signature")
    parser.add_argument("--role", choices=["build", "loop", "batch"], help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.role == "build":
        build(*asked.words)
    elif asked.role:
        run = batch(*asked.words) if asked.role == "batch" else loop(*asked.words)
        print(json.dumps(asdict(run)))
    else:
        counts = [int(count) for count in asked.counts.split(",")]
        if len(counts) < 2:
            parser.error(f"expected at least two counts, received '{asked.counts}'; add one")
        with tempfile.TemporaryDirectory() as work:
            compare(sorted(counts), side=asked.side, saved_model=asked.saved_model, work=Path(work))


if __name__ == "__main__":
    main()
