"""An exported model that judges pictures by brightness: real TensorFlow, known answers."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brightness_model import CLASSES, save_brightness_model, write_export
from tiny_candidate import write_candidate
from translated import all_translated

from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.pictures.decode import encode_png
from components.evaluate.incumbent import Incumbent
from components.evaluate.seen import Unseen
from components.evaluate.step import EvaluateInputs


def write_dataset(root: Path, *, per_split: int = 24, noise: float = 40.0) -> Dataset:
    """Pictures whose brightness says the class, with noise; groups of four, two domains."""
    rng = np.random.default_rng(5)
    (root / "pictures").mkdir(parents=True)
    rows = []
    for split in ("train", "validation", "test"):
        for number in range(per_split):
            label = number % 2
            level = np.clip(90 + 75 * label + rng.normal(0, noise), 5, 250)
            pixels = rng.integers(-5, 6, (12, 14, 1)) + int(level)
            data = encode_png(pixels.clip(0, 255).astype(np.uint8))
            path = f"pictures/{split}_{number:03d}.png"
            (root / path).write_bytes(data)
            rows.append(
                {
                    "path": path,
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "label": CLASSES[label],
                    "soft_label": (0.0, 1.0, 1 / 3, 2 / 3)[(number // 2 % 2) * 2 + label],
                    "domain": "mono" if number < per_split // 2 else "poly",
                    "group": f"{split}-{number // 4}",
                    "split": split,
                    "weight": 1.0,
                }
            )
    info = DatasetInfo(
        name="brightness",
        classes=CLASSES,
        positive="defective",
        licence="CC0",
        groups_inferred=True,
    )
    dataset = Dataset(root, info, pd.DataFrame(rows))
    dataset.write()
    return dataset


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> EvaluateInputs:
    """Export, Candidate and Dataset; for reading only."""
    return _write_inputs(tmp_path_factory.mktemp("inputs"))


@pytest.fixture
def make_inputs(tmp_path: Path) -> Callable[..., EvaluateInputs]:
    """Write Export, Candidate and Dataset that a test may change."""

    def make(**dataset: Any) -> EvaluateInputs:
        return _write_inputs(tmp_path / "inputs", **dataset)

    return make


def _write_inputs(root: Path, **dataset: Any) -> EvaluateInputs:
    inputs = EvaluateInputs(
        exported=root / "exported", candidate=root / "candidate", dataset=root / "dataset"
    )
    write_dataset(inputs.dataset, **dataset)
    write_candidate(inputs.candidate, CLASSES, method="linear_probe_finetune")
    write_export(inputs.exported, slope=6.0)
    return inputs


@pytest.fixture
def save_model() -> Callable[..., None]:
    """Write a SavedModel like the candidate's, but of other classes or another slope."""
    return save_brightness_model


@pytest.fixture(autouse=True)
def every_note_is_translated(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever evaluate says for a reader in a test, the report has it in every language."""
    with all_translated(monkeypatch, EvaluationInfo, Incumbent, Unseen):
        yield
