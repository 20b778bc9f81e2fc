"""What the table of presets rests on: every preset has a row, and children count."""

import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.presets import PRESETS, measured, memory_bytes
from pipelines.config import preset_names

# A child below the child holds the memory and computes.
_PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"
_CHILD = "import time; held = b'x' * 80_000_000\nwhile time.process_time() < 2: pass"


def test_every_preset_is_measured() -> None:
    assert set(PRESETS) == set(preset_names())


def test_memory_and_processor_time_of_all_below_count(tmp_path: Path) -> None:
    cost = measured((sys.executable, "-c", _PARENT, _CHILD), tmp_path)
    assert cost.memory_bytes > 80_000_000
    assert cost.processor_s >= 2
    gone = psutil.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert memory_bytes(gone) == 0


def test_a_command_that_fails_is_no_cost(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"end well, received:\nno such thing"):
        measured((sys.executable, "-c", "import sys; sys.exit('no such thing')"), tmp_path)
