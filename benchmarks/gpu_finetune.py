"""Training on a GPU: our path beside compiled PyTorch, and the demo's fine-tuning, cold and warm.

    python -m benchmarks.gpu_finetune [--batch 128] [--steps 20] [--epochs 3] [--cpu]

- Pictures a second of MobileNetV2 and ResNet-50, the whole network trained at 224 px in bfloat16,
  BatchNorm fixed (as fine-tuning does), pictures on the card: an epoch as one JAX program, beside
  `torch.compile` (timm, else torchvision; channels last; the faster of two modes).
- The demo's size: 1,968 pictures, 30 epochs, default method, with no compiled program kept and with
  those that the first run left.

Arms run in turns, each in a process of its own. Needs JAX and no TensorFlow. Without a GPU it says
so and ends; `--cpu` runs a tiny version of everything, whose figures mean nothing.
"""

import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.gpu_arms import Outcome, Work

BACKBONES = ("mobilenet_v2", "resnet/50")
TINY = "mobilenet_v2/0.35"
TARGET_RATIO = 1.0
TARGET_TRAIN_S, TARGET_COLD_S, TARGET_WARM_S = 10.0, 30.0, 5.0
ASK = "import jax; print(jax.devices('gpu')[0].device_kind)"
ROOT = Path(__file__).parents[1]


def gpu_name() -> str:
    """Return the GPU that JAX sees, "" for none."""
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    return asked.stdout.strip() if asked.returncode == 0 else ""


def apart(work: Work) -> Outcome:
    """Run one arm in a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    if work.cpu:
        environment |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "-1"}
        # What is compiled here runs for milliseconds.
        environment["XLA_FLAGS"] = "--xla_backend_optimization_level=0"
    command = [sys.executable, "-m", "benchmarks.gpu_arms", json.dumps(dataclasses.asdict(work))]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return Outcome(**json.loads(done.stdout.splitlines()[-1]))


def compared(backbone: str, graft: Outcome, torch: Outcome) -> list[str]:
    """Return a row: rates, their ratio, and whether it is the one set out for."""
    ratio = graft.pictures_per_s / torch.pictures_per_s
    met = "met" if ratio >= TARGET_RATIO else "MISSED"
    return [
        backbone,
        _number(graft.pictures_per_s, graft.note),
        _number(torch.pictures_per_s, torch.note),
        "not run" if math.isnan(ratio) else f"{ratio:.2f}",
        f">= {TARGET_RATIO:g}" + ("" if math.isnan(ratio) else f": {met}"),
        ", ".join(text for text in (torch.library, torch.note) if text),
    ]


def demo_row(name: str, outcome: Outcome, compile_target_s: float) -> list[str]:
    """Return a row of the demo's fine-tuning."""
    trained = "met" if outcome.train_s <= TARGET_TRAIN_S else "MISSED"
    compiled = "met" if outcome.compile_s <= compile_target_s else "MISSED"
    return [
        name,
        f"{outcome.train_s:.1f}",
        f"<= {TARGET_TRAIN_S:g}: {trained}",
        f"{outcome.compile_s:.1f}",
        f"<= {compile_target_s:g}: {compiled}",
        outcome.note,
    ]


def _number(value: float, note: str) -> str:
    return note if math.isnan(value) else f"{value:.0f}"


def rates(options: argparse.Namespace, console: Console) -> Table:
    """Measure pictures a second."""
    table = Table(title="training, pictures a second")
    for column in ("backbone", "graft", "compiled PyTorch", "ratio", "set out for", "PyTorch by"):
        table.add_column(column)
    for backbone in (TINY,) if options.cpu else BACKBONES:
        work = Work(
            arm="graft",
            backbone=backbone,
            size_px=32 if options.cpu else 224,
            batch=4 if options.cpu else options.batch,
            steps=2 if options.cpu else options.steps,
            epochs=1 if options.cpu else options.epochs,
            cpu=options.cpu,
        )
        graft = apart(work)
        console.print(f"{backbone}: {graft}")
        torch = apart(dataclasses.replace(work, arm="torch"))
        console.print(f"{backbone}: {torch}")
        table.add_row(*compared(backbone, graft, torch))
    return table


def demo(options: argparse.Namespace, console: Console) -> Table:
    """Measure the demo's fine-tuning, twice over one folder of compiled programs."""
    table = Table(title="fine-tuning of the demo's size")
    for column in ("compiled programs", "s", "set out for", "compiling, s", "set out for", "note"):
        table.add_column(column)
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as cache:
        work = Work(
            arm="demo",
            backbone=TINY if options.cpu else "mobilenet_v2",
            size_px=32 if options.cpu else 224,
            pictures=16 if options.cpu else 1968,
            epochs=1 if options.cpu else 30,
            cpu=options.cpu,
            cache=cache,
        )
        for name, target_s in (("none kept", TARGET_COLD_S), ("kept", TARGET_WARM_S)):
            outcome = apart(work)
            console.print(f"demo, {name}: {outcome}")
            table.add_row(*demo_row(name, outcome, target_s))
    return table


def main() -> None:
    """Measure and print, a line for each finished arm; exit code 0 where there is no GPU."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=20, help="of an epoch")
    parser.add_argument("--epochs", type=int, default=3, help="timed ones")
    parser.add_argument("--cpu", action="store_true", help="tiny, to see that it runs")
    options = parser.parse_args()
    console = Console(width=160)
    card = "processor, tiny: figures mean nothing, nor does MISSED" if options.cpu else gpu_name()
    if not card:
        console.print(
            "not run: no GPU that JAX can see (docs/how-to/gpu.md; --cpu runs a tiny version)"
        )
        return
    console.print(f"{card}, {datetime.now(UTC):%Y-%m-%d}")
    for table in (rates(options, console), demo(options, console)):
        console.print(table)


if __name__ == "__main__":
    main()
