"""How long the main job takes: nothing kept, then once more with nothing changed.

    python -m benchmarks.whole_run [--preset solar] [--data FOLDER] [--set KEY=VALUE ...]

Both runs are the command that a user gives, in empty folders of their own. Before the first,
between them and after the second a plain workload is timed, so that machines can be compared by a
ratio: Keras answers 1,000 pictures of 160 × 160 px with EfficientNet-Lite2, 40 a call, in a process
of its own (its start and first call are not counted). Leave the machine alone meanwhile.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from components.common.artifacts.run_summary import RunSummary, read_summary

_PICTURES, _BATCH = 1000, 40
# What the plain workload runs, alone: the run's own processes must not share its memory or threads.
_PLAIN = f"""
import json, time
import numpy as np
from components.networks import network
from components.networks.config import NetworkConfig

settings = NetworkConfig(backbone="efficientnet_lite/2", weights="none")
model = network.build(settings, image_size_px=160, classes=2).model
batch = np.zeros(({_BATCH}, 160, 160, 3), np.float32)
model.predict_on_batch(batch)
started = time.perf_counter()
for _ in range({_PICTURES} // {_BATCH}):
    model.predict_on_batch(batch)
print(json.dumps(time.perf_counter() - started))
"""


@dataclass(frozen=True, kw_only=True)
class Timed:
    """One run of the command: when it began, seconds of the whole, and what its steps say."""

    started_unix_s: float
    whole_s: float
    summary: RunSummary

    @property
    def outside_s(self) -> float:
        """Seconds outside of the steps: starting them, asking the served model."""
        return self.whole_s - sum(step.seconds for step in self.summary.steps)

    @property
    def verdict_s(self) -> float:
        """Seconds until the gate had decided."""
        gate = next(step for step in self.summary.steps if step.step == "gate")
        return gate.started_unix_s + gate.seconds - self.started_unix_s


def plain_s() -> float:
    """Return the seconds of the plain workload."""
    done = subprocess.run(
        [sys.executable, "-c", _PLAIN], check=True, capture_output=True, text=True
    )
    return float(json.loads(done.stdout.splitlines()[-1]))


def timed_run(given: list[str], root: Path) -> Timed:
    """Give the command once, in the folders below `root`, and wait for its end.

    Args:
        given: what the user adds to `graft run`.
        root: holds, or will hold, runs, cache and models.
    """
    folders = [("--runs-dir", "runs"), ("--cache-dir", "cache"), ("--model-base-path", "models")]
    places = [word for option, name in folders for word in (option, str(root / name))]
    started, started_unix_s = time.monotonic(), time.time()
    command = [sys.executable, "-m", "pipelines.cli", "run", *given, *places]
    done = subprocess.run(command, capture_output=True, text=True)
    whole_s = time.monotonic() - started
    if done.returncode:
        raise SystemExit(f"expected the run to end well, received:\n{done.stdout[-4000:]}")
    summary = read_summary(root / "runs" / "latest")
    return Timed(started_unix_s=started_unix_s, whole_s=whole_s, summary=summary)


def table(first: Timed, second: Timed) -> Table:
    """Return seconds and memory by step."""
    shown = Table("step", "first run, s", "unchanged, s", "peak memory, GiB")
    again = {step.step: step for step in second.summary.steps}
    for step in first.summary.steps:
        later = f"{again[step.step].seconds:.1f}" if step.step in again else ""
        memory = f"{step.peak_memory_bytes / 2**30:.1f}"
        shown.add_row(step.step, f"{step.seconds:.1f}", later, memory)
    shown.add_row("between the steps", f"{first.outside_s:.1f}", f"{second.outside_s:.1f}", "")
    shown.add_row("until the verdict", f"{first.verdict_s:.1f}", f"{second.verdict_s:.1f}", "")
    shown.add_row("whole command", f"{first.whole_s:.1f}", f"{second.whole_s:.1f}", "")
    return shown


def main() -> None:
    """Time both runs and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--preset", default="")
    parser.add_argument("--data", default="", help="a folder of pictures instead of the demo")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    options = parser.parse_args()
    given = [word for setting in options.set for word in ("--set", setting)]
    given += ["--preset", options.preset] if options.preset else []
    given += ["--data", options.data] if options.data else []
    console = Console()
    with tempfile.TemporaryDirectory(prefix="graft-bench-") as folder, console.status("") as status:
        plain: list[float] = []

        def workload() -> None:
            status.update("timing the plain workload")
            plain.append(plain_s())

        def run(name: str) -> Timed:
            status.update(f"{name} run of the command")
            return timed_run(given, Path(folder))

        workload()
        first = run("first")
        workload()
        second = run("second")
        workload()
    reference_s = statistics.median(plain)
    console.print(table(first, second))
    console.print(f"{_PICTURES} plain forward passes: {reference_s:.1f} s (median of three)")
    ratios = [run.whole_s / reference_s for run in (first, second)]
    console.print(f"first run {ratios[0]:.1f} times that, unchanged {ratios[1]:.1f}")
    figures = ", ".join(f"{metric.name} {metric.value:.3f}" for metric in first.summary.metrics)
    verdict = first.summary.verdict
    console.print(f"verdict {verdict.word if verdict else 'none'}; {figures}")


if __name__ == "__main__":
    main()
