"""The benchmark of starts measures programs from start to end, and puts them into proportion."""

import subprocess
import sys

import pytest
from rich.console import Console

from benchmarks.start_up import Arm, table


def arm(name: str, program: str) -> Arm:
    return Arm(name, (sys.executable, "-c", program))


def test_an_arm_is_measured_from_start_to_end() -> None:
    busy = arm("busy", "import time\nwhile time.process_time() < 0.3: pass\ntime.sleep(0.3)")
    busy.measure()
    busy.measure()
    assert min(busy.processor_s) >= 0.3
    assert min(busy.wall_s) >= 0.6
    assert len(busy.wall_s) == 2


def test_a_program_that_fails_is_not_measured() -> None:
    broken = arm("broken", "raise SystemExit(3)")
    with pytest.raises(subprocess.CalledProcessError):
        broken.measure()
    assert broken.wall_s == []


def test_medians_are_given_as_ratios_to_the_import(capsys: pytest.CaptureFixture[str]) -> None:
    unit = Arm("import tensorflow", (), wall_s=[4.0, 2.0, 3.0], processor_s=[2.0, 2.0, 2.0])
    own = Arm("own", (), wall_s=[1.0, 9.0, 1.5], processor_s=[1.0, 1.0, 1.0])
    fork = Arm("fork", (), forked=True, wall_s=[0.3, 0.3, 0.3], processor_s=[0.1, 0.1, 0.1])
    Console(width=100).print(table([unit, own, fork]))
    rows = [line.split() for line in capsys.readouterr().out.replace("│", " ").splitlines()]
    assert ["own", "1.50", "0.50", "1.00", "0.50"] in rows
    assert ["fork", "0.30", "0.10"] in rows
