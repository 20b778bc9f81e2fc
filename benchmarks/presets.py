"""Each preset as its page says, from pictures to a served answer: `python -m benchmarks.presets`.

Every preset has an empty folder of its own with the demo below `data/`; nothing is taken from an
earlier run. Those that want their own pictures get the demo as well, zero-shot its eight digits
with a table of strokes, distillation the teacher that its page trains first (not counted). Memory
is that of all processes of the command together (proportional set size, so what two share counts
once), looked at twice a second. Name presets to measure these alone.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from components.common.artifacts.run_summary import RunSummary, read_summary

_ROOT = Path(__file__).parents[1]
_ENVIRONMENT = os.environ | {"PYTHONPATH": str(_ROOT)}
_GRAFT = (sys.executable, "-m", "pipelines.cli")
_STROKES = ("-m", "benchmarks.methods.zero_shot", "strokes")
_DEMO = ("--set", "ingest.source=elpv", "--set", "ingest.path=data/elpv")


@dataclass(frozen=True, kw_only=True)
class Given:
    """What a user types: `first`, whose time does not count, then `graft run` with `words`."""

    pictures: str = "demo"
    words: tuple[str, ...] = ()
    first: tuple[str, ...] = ()


# Keras fetches the weights of VGG16; where it cannot, the preset says what to set.
_CLASSIC = ("--set", "train.backbone=efficientnet_lite/2", "--set", "train.features=[head_relu]")
_ATTRIBUTES = "train.options.attributes=strokes/attributes.csv"
_SMALL = "validate.min_size_px=28"
_TEACHER = ("--set", "train.method=linear_probe", "--set", "model_name=solar-teacher")
PRESETS = {
    "solar": Given(),
    "pictures": Given(words=_DEMO),
    "classic": Given(words=(*_DEMO, *_CLASSIC)),
    "multitask": Given(),
    "domain_adversarial": Given(),
    "zero_shot": Given(
        pictures="1,200 digits",
        words=("--data", "strokes/pictures", "--set", _ATTRIBUTES, "--set", _SMALL),
        first=(sys.executable, *_STROKES),
    ),
    "self_taught": Given(),
    "self_taught_clustering": Given(),
    "distillation": Given(first=(*_GRAFT, "run", "--preset", "solar", *_TEACHER)),
}


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One command: seconds, most memory in bytes, what its run says."""

    seconds: float
    memory_bytes: int
    summary: RunSummary


def memory_bytes(root: psutil.Process) -> int:
    """Return the proportional set size of a process and all below it; 0 once they are gone."""
    total = 0
    for process in (root, *root.children(recursive=True)):
        try:
            total += int(process.memory_full_info().pss)
        except psutil.Error:  # ended between the look and the question
            continue
    return total


def measured(command: tuple[str, ...], folder: Path) -> tuple[float, int]:
    """Give the command in the folder; return its seconds and the most memory in bytes.

    Raises:
        SystemExit: it did not end well.
    """
    started, most = time.monotonic(), 0
    with (folder / "said.log").open("w") as said:
        process = psutil.Popen(
            command, cwd=folder, env=_ENVIRONMENT, stdout=said, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            try:
                most = max(most, memory_bytes(process))
            except psutil.NoSuchProcess:
                break
            time.sleep(0.5)
        code = process.wait()
    if code:
        raise SystemExit(
            f"expected the command to end well, received:\n{(folder / 'said.log').read_text()}"
        )
    return time.monotonic() - started, most


def cost(name: str, folder: Path) -> Cost:
    """Run a preset in an empty folder."""
    given = PRESETS[name]
    (folder / "data").symlink_to(_ROOT / "data")
    if given.first:
        measured(given.first, folder)
    command = (*_GRAFT, "run", "--preset", name, "--no-cache", *given.words)
    seconds, most = measured(command, folder)
    return Cost(
        seconds=seconds, memory_bytes=most, summary=read_summary(folder / "runs" / "latest")
    )


def row(name: str, spent: Cost) -> tuple[str, ...]:
    """Return the table's cells of a preset."""
    verdict, summary = spent.summary.verdict, spent.summary
    figures = {metric.name: f"{metric.value:.3f}" for metric in summary.metrics}
    longest = max(summary.steps, key=lambda step: step.seconds)
    return (
        name,
        PRESETS[name].pictures,
        f"{spent.seconds:.0f}",
        f"{longest.step} {longest.seconds:.0f}",
        f"{spent.memory_bytes / 2**30:.1f}",
        figures["balanced_accuracy"],
        verdict.word if verdict else "none",
    )


def main() -> None:
    """Run the presets one after the other and print a row for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("presets", nargs="*", default=list(PRESETS))
    console = Console()
    shown = Table(
        "preset", "pictures", "s", "longest step, s", "memory, GiB", "balanced accuracy", "verdict"
    )
    for name in parser.parse_args().presets:
        with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder, console.status(name):
            cells = row(name, cost(name, Path(folder)))
        shown.add_row(*cells)
        console.print(" | ".join(cells))
    console.print(shown)


if __name__ == "__main__":
    main()
