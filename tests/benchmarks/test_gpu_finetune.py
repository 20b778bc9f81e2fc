import dataclasses
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import gpu_finetune
from benchmarks.gpu_arms import Outcome
from benchmarks.gpu_finetune import compared, demo_row

ROOT = Path(__file__).parents[2]
GRAFT = Outcome(device="card", library="Keras on JAX", pictures_per_s=1200.0)
TORCH = Outcome(device="card", library="timm", pictures_per_s=1000.0, note="default")
ABSENT = Outcome(device="", library="torch", note="not run: PyTorch is not installed")
DEMO = Outcome(device="card", library="Keras on JAX", train_s=9.0, compile_s=20.0)


def test_without_a_gpu_it_says_so_and_measures_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(gpu_finetune, "gpu_name", lambda: "")
    monkeypatch.setattr(gpu_finetune, "apart", lambda work: pytest.fail("it measured"))
    monkeypatch.setattr(sys, "argv", ["gpu_finetune"])
    gpu_finetune.main()
    assert "not run: no GPU" in capsys.readouterr().out


def test_a_rate_below_pytorch_s_is_said_to_miss() -> None:
    assert compared("resnet/50", GRAFT, TORCH)[3:5] == ["1.20", ">= 1: met"]
    slower = dataclasses.replace(GRAFT, pictures_per_s=900.0)
    assert compared("resnet/50", slower, TORCH)[3:5] == ["0.90", ">= 1: MISSED"]


def test_without_pytorch_there_is_no_ratio() -> None:
    row = compared("resnet/50", GRAFT, ABSENT)
    assert row[2:5] == ["not run: PyTorch is not installed", "not run", ">= 1"]


def test_each_of_the_demo_s_times_is_judged() -> None:
    assert demo_row("none kept", DEMO, 30.0)[2:5] == ["<= 10: met", "20.0", "<= 30: met"]
    assert demo_row("kept", DEMO, 5.0)[4] == "<= 5: MISSED"
    assert demo_row("kept", dataclasses.replace(DEMO, train_s=11.0), 5.0)[2] == "<= 10: MISSED"


def test_a_figure_that_was_not_measured_is_no_number() -> None:
    assert all(math.isnan(getattr(ABSENT, name)) for name in ("pictures_per_s", "train_s"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed (extra jax)")
def test_the_tiny_version_runs_both_parts() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.gpu_finetune", "--cpu"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    assert "figures mean nothing" in done.stdout
    assert "training, pictures a second" in done.stdout
    assert "fine-tuning of the demo's size" in done.stdout
    assert done.stdout.count("demo, ") == 2
    if find_spec("torch") is None:
        assert "not run: PyTorch is not installed" in done.stdout
