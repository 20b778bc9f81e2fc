"""Two processes on this machine come to what one comes to, through the launcher of a TrainJob."""

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from components.common.artifacts.candidate import Candidate
from components.common.artifacts.judging.held_out import held_out_logits
from components.common.artifacts.records import PROVENANCE

ROOT = Path(__file__).parents[2]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed (extra jax)"),
]
# Neither 24 pictures nor steps of 10 and 9 rows are what two processes divide evenly.
SETTINGS = """
train:
  backbone: mobilenet_v2/0.35
  weights: none
  flips: 1
  method: linear_probe_finetune
  options: {epochs: 2, batch: 9, learning_rate: 1.0e-3}
"""
LOSSES = ["train_loss", "validation_loss"]


@pytest.fixture
def work(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Shards with as many validation pictures as asked for, and the settings."""
    folder = tmp_path
    script = "import sys; from pathlib import Path; from tiny_shards import write_tiny_shards;"
    script += f"write_tiny_shards(Path(sys.argv[1]), validation={request.param})"
    paths = os.pathsep.join((str(ROOT), str(ROOT / "tests/support")))
    environment = os.environ | {"PYTHONPATH": paths}
    subprocess.run(
        [sys.executable, "-c", script, str(folder / "shards")], env=environment, check=True
    )
    (folder / "train.yaml").write_text(SETTINGS)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(work: Path, processes: int) -> list["subprocess.Popen[str]"]:
    address = f"127.0.0.1:{free_port()}"
    return [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "components.train.nodes.worker"),
                f"--shards={work / 'shards'}",
                f"--candidate={work / f'of-{processes}' / str(number)}",
                f"--config={work / 'train.yaml'}",
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "JAX_PLATFORMS": "cpu",
                "JAX_COMPILATION_CACHE_DIR": str(work / "compiled"),
                "XLA_FLAGS": "--xla_backend_optimization_level=0",
                "JAX_COORDINATOR_ADDRESS": address,
                "JAX_NUM_PROCESSES": str(processes),
                "JAX_PROCESS_ID": str(number),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for number in range(processes)
    ]


def trained(work: Path) -> tuple[Candidate, Candidate]:
    """Return what one process comes to, and what two do."""
    running = [*start(work, 1), *start(work, 2)]
    try:
        printed = [process.communicate(timeout=800)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    for process, text in zip(running, printed, strict=True):
        assert process.returncode == 0, text[-4000:]
    assert "process 1 of 2" in printed[2]
    assert "every step is shared by 2 devices" in printed[1]
    return Candidate.read(work / "of-1/0"), Candidate.read(work / "of-2/0")


@pytest.mark.parametrize("work", [12], indirect=True)
def test_two_processes_train_as_one(work: Path) -> None:
    alone, shared = trained(work)
    curves = [one.curves() for one in (alone, shared)]
    assert len(curves[0]) == 3
    np.testing.assert_allclose(curves[1][LOSSES], curves[0][LOSSES], atol=1e-4)
    assert (shared.root / PROVENANCE).exists()
    assert not (work / "of-2/1").exists()


@pytest.mark.parametrize("work", [0], indirect=True)
def test_two_processes_cross_validate_as_one(work: Path) -> None:
    alone, shared = trained(work)
    asked = [one.out_of_fold() for one in (alone, shared)]
    assert len(asked[0]) == 24 and set(asked[0]["fold"]) == set(range(5))
    assert asked[1]["fold"].equals(asked[0]["fold"])
    logits = [held_out_logits(one, alone.info.classes) for one in asked]
    np.testing.assert_allclose(logits[1], logits[0], atol=2e-3)
    assert logits[0].std() > 0.05
    np.testing.assert_allclose(
        shared.curves()["train_loss"], alone.curves()["train_loss"], atol=1e-4
    )
