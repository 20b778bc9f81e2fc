"""What the start and the end of a step cost: `python -m benchmarks.start_up`.

Each row is a program that does nothing but start, import and end. Rows take turns, and the medians
are given in seconds and as ratios to `import tensorflow`. Processor seconds are those of the
program alone; what a warm parent forks is not the child of who waits for it, so only its wall
clock is known.
"""

import importlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from components.common.progress import track
from components.common.warm.owner import child_environment, interpreter
from pipelines.config import STEPS
from pipelines.local.warm import warm_parent

ROUNDS = 5
_LARGE = "large"
_UNIT = "import tensorflow"
_OWN = ("-m", "benchmarks.start_up")


@dataclass(frozen=True)
class Arm:
    """One kind of start: the words of the command, and the seconds that it took each time."""

    name: str
    command: tuple[str, ...]
    forked: bool = False
    wall_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Start it once and wait for its end."""
        began = time.perf_counter()
        process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, self.command)
        self.wall_s.append(time.perf_counter() - began)
        self.processor_s.append(usage.ru_utime + usage.ru_stime)


def _cold(name: str, program: str) -> Arm:
    return Arm(name, (sys.executable, "-c", program))


def _arms() -> list[Arm]:
    executor = "import os; os.environ['_KFP_RUNTIME'] = 'true'; import kfp.dsl.executor"
    return [
        _cold("interpreter", "pass"),
        _cold("kfp's executor", executor),
        *(_cold(f"modules of {step}", f"import components.{step}.step") for step in STEPS),
        _cold(_UNIT, "import os, tensorflow; os._exit(0)"),
        _cold("import tensorflow, with its end", "import tensorflow"),
        _cold("import tensorflow and keras, with their end", "import tensorflow, keras"),
        _warm("fork of the warm parent", "components.common.step"),
        _warm("fork, with tensorflow", "tensorflow", _LARGE),
    ]


def _warm(name: str, *words: str) -> Arm:
    return Arm(name, (*interpreter([_LARGE]), *_OWN, *words), forked=True)


def _until_warm() -> None:
    """Wait until the parent has imported everything, which it does once a program works."""
    while subprocess.run(
        [*interpreter([_LARGE]), *_OWN, "--known", _LARGE], check=False
    ).returncode:
        subprocess.run([*interpreter([]), *_OWN, "--work"], check=True)


def main(console: Console) -> None:
    """Measure and print."""
    # As a run starts its steps; this very module is to be found all the same.
    os.environ |= child_environment() | {"PYTHONPATH": str(Path(__file__).parents[1])}
    with warm_parent():
        arms = _arms()
        _until_warm()
        for _ in track(range(ROUNDS), "starting programs"):
            for arm in arms:
                arm.measure()
    console.print(table(arms))


def table(arms: Sequence[Arm]) -> Table:
    """Return medians and ratios to `import tensorflow`, which is one of the arms."""
    unit = next(arm for arm in arms if arm.name == _UNIT)
    found = Table("start of", "wall, s", "ratio", "processor, s", "ratio")
    for arm in arms:
        pairs = [(arm.wall_s, unit.wall_s)]
        if not arm.forked:
            pairs.append((arm.processor_s, unit.processor_s))
        medians = [(statistics.median(own), statistics.median(one)) for own, one in pairs]
        cells = [text for own, one in medians for text in (f"{own:.2f}", f"{own / one:.2f}")]
        found.add_row(arm.name, *cells)
    return found


if __name__ == "__main__":
    if sys.argv[1:2] == ["--known"]:
        sys.exit("tensorflow" not in sys.modules)
    elif sys.argv[1:2] == ["--work"]:
        time.sleep(3.0)
    elif sys.argv[1:]:
        importlib.import_module(sys.argv[1])
    else:
        main(Console())
