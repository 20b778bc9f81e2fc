"""What trains on JAX, in processes of their own: Keras has one back end a process."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from components.common.artifacts.candidate import Candidate

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed (extra jax)"),
]
CONTRACT = "tests/contract/test_methods_contract.py"
METHODS = ("linear_probe", "linear_probe_finetune", "full")
# Most of the time goes into compiling; what is compiled here runs for milliseconds.
QUICK_TO_COMPILE = "--xla_backend_optimization_level=0"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


def environment_of(compiled: Path, *, flags: str = "") -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests/support")))
    return {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "JAX_COMPILATION_CACHE_DIR": str(compiled),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "XLA_FLAGS": f"{QUICK_TO_COMPILE} {flags}",
        "PYTHONPATH": paths,
    }


def run_on_jax(*arguments: str, compiled: Path, flags: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=ROOT,
        env=environment_of(compiled, flags=flags),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_an_epoch_is_one_program_and_methods_keep_their_contract(compiled: Path) -> None:
    # Names within brackets: "full" alone would also choose what merely contains it.
    chosen = " or ".join(("cases_epoch", *(f"[{name}]" for name in METHODS)))
    run_on_jax("tests/on_jax/cases_epoch.py", CONTRACT, "-k", chosen, compiled=compiled)


def test_four_devices_train_as_one(compiled: Path) -> None:
    flags = "--xla_force_host_platform_device_count=4"
    run_on_jax("tests/on_jax/cases_data_parallel.py", compiled=compiled, flags=flags)


def test_training_needs_no_tensorflow(compiled: Path, tmp_path: Path) -> None:
    shards, out = tmp_path / "shards", tmp_path / "candidate"
    script = "import sys; from pathlib import Path; from tiny_shards import write_tiny_shards;"
    script += "write_tiny_shards(Path(sys.argv[1]))"
    environment = environment_of(compiled)
    subprocess.run([sys.executable, "-c", script, str(shards)], env=environment, check=True)
    done = subprocess.run(
        [sys.executable, "tests/on_jax/without_tensorflow.py", str(shards), str(out)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert Candidate.read(out).model_path.exists()
