"""No passage of the product stands twice."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_twelve_lines_stand_twice() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pylint", "--rcfile=", "--disable=all"),
            *("--enable=duplicate-code", "--min-similarity-lines=12", "--score=n"),
            *("components", "pipelines", "serving"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
