"""TensorFlow takes of a GPU's memory what it needs. Run by test_on_gpu.py."""

import subprocess

import keras
import pytest
from tiny_tail import tiny_inputs, tiny_tail

from components.networks.accelerator import gpus, prepare, running_on
from components.train.config import TrainConfig
from components.train.loop.fine_tune import freeze_norms, tune
from components.train.options import TuningOptions

SETTINGS = TrainConfig(backend="tensorflow", accelerator="gpu")


def memory_mib(which: str) -> int:
    query = [f"--query-gpu=memory.{which}", "--format=csv,noheader,nounits", "--id=0"]
    asked = subprocess.run(["nvidia-smi", *query], capture_output=True, text=True, check=True)
    return int(asked.stdout)


def test_a_training_leaves_the_card_s_memory_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_FORCE_GPU_ALLOW_GROWTH", raising=False)
    prepare(SETTINGS)
    before = memory_mib("used")
    with running_on(SETTINGS) as notes:
        tail = tiny_tail()
        freeze_norms(tail)
        tune(tail, tiny_inputs(), TuningOptions(epochs=1), seed=0)
    assert notes == ()
    assert gpus()
    assert keras.backend.backend() == "tensorflow"
    assert memory_mib("used") - before < 0.25 * memory_mib("total")
