"""Each preset as its page says, from pictures to a served answer: `python -m benchmarks.presets`.

Every preset has an empty folder of its own with the demo below `data/`; nothing is taken from an
earlier run. Those that want their own pictures get the demo as well, zero-shot its eight digits
with a table of strokes, distillation the teacher that its page trains first (not counted). Memory
is that of all processes of the command together (proportional set size, so what two share counts
once), looked at twice a second. Name presets to measure these alone. Beside other work a run takes
longer by the clock; the processors' seconds stay nearly the same.
"""

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

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
    """One command: seconds by the clock and of the processors, and its most memory in bytes."""

    seconds: float
    processor_s: float
    memory_bytes: int


def memory_bytes(root: psutil.Process) -> int:
    """Return the proportional set size of a process and all below it; 0 once they are gone."""
    total = 0
    with contextlib.suppress(psutil.Error):
        for process in (root, *root.children(recursive=True)):
            with contextlib.suppress(psutil.Error):  # ended since the look
                total += int(process.memory_full_info().pss)
    return total


def measured(command: tuple[str, ...], folder: Path) -> Cost:
    """Give the command in the folder and wait for its end.

    Raises:
        SystemExit: it did not end well.
    """
    started, before_s, most = time.monotonic(), _processor_s(), 0
    log = folder / "said.log"
    with log.open("w") as said:
        process = psutil.Popen(
            command, cwd=folder, env=_ENVIRONMENT, stdout=said, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            most = max(most, memory_bytes(process))
            time.sleep(0.5)
    if process.wait():
        raise SystemExit(f"expected the command to end well, received:\n{log.read_text()}")
    return Cost(
        seconds=time.monotonic() - started,
        processor_s=_processor_s() - before_s,
        memory_bytes=most,
    )


def _processor_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def run_preset(name: str, folder: Path) -> tuple[Cost, RunSummary]:
    """Run a preset in an empty folder; return what it cost and what the run says."""
    given = PRESETS[name]
    (folder / "data").symlink_to(_ROOT / "data")
    if given.first:
        measured(given.first, folder)
    command = (*_GRAFT, "run", "--preset", name, "--no-cache", *given.words)
    return measured(command, folder), read_summary(folder / "runs" / "latest")


def row(name: str, cost: Cost, summary: RunSummary) -> tuple[str, ...]:
    """Return the table's cells of a preset."""
    figures = {metric.name: f"{metric.value:.3f}" for metric in summary.metrics}
    longest = max(summary.steps, key=lambda step: step.seconds)
    return (
        name,
        PRESETS[name].pictures,
        f"{cost.seconds:.0f}",
        f"{cost.processor_s:.0f}",
        f"{longest.step} {longest.seconds:.0f}",
        f"{cost.memory_bytes / 2**30:.1f}",
        figures["balanced_accuracy"],
        summary.verdict.word if summary.verdict else "none",
    )


def main() -> None:
    """Run the presets one after the other and print a row for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("presets", nargs="*", default=list(PRESETS))
    console = Console(soft_wrap=True)
    console.print(
        "preset | pictures | s | processor, s | longest step, s | memory, GiB "
        "| balanced accuracy | verdict"
    )
    for name in parser.parse_args().presets:
        with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder, console.status(name):
            cells = row(name, *run_preset(name, Path(folder)))
        console.print(" | ".join(cells))


if __name__ == "__main__":
    main()
