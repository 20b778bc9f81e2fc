"""Whether there is a GPU, asked in a process of its own: who asks a framework starts it."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

QUESTIONS = {
    "jax": "import jax; assert jax.devices('gpu')",
    "tensorflow": "import tensorflow as tf; assert tf.config.list_physical_devices('GPU')",
}


def need_gpu(package: str) -> None:
    """Skip the test, with the reason, where a package is missing or sees no GPU."""
    if find_spec(package) is None:
        pytest.skip(f"not run: {package} is not installed")
    environment = os.environ | {"TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    asked = subprocess.run(
        [sys.executable, "-c", QUESTIONS[package]], capture_output=True, env=environment
    )
    if asked.returncode:
        pytest.skip(f"not run: no GPU that {package} can see")


@pytest.fixture(scope="session")
def jax_gpu() -> None:
    need_gpu("jax")


@pytest.fixture(scope="session")
def tensorflow_gpu() -> None:
    need_gpu("tensorflow")
