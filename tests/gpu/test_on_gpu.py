"""Training on a GPU, each back end in a process of its own. Needs JAX; TensorFlow for its own part.

pytest tests/gpu
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.gpu, pytest.mark.timeout(900)]


def run_cases(name: str, *, backend: str) -> None:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests/support")))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/gpu/{name}.py"],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_on_jax(jax_gpu: None) -> None:
    run_cases("cases_on_jax", backend="jax")


def test_on_tensorflow(tensorflow_gpu: None) -> None:
    run_cases("cases_on_tensorflow", backend="tensorflow")
