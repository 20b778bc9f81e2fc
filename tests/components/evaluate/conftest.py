"""An exported model that judges pictures by brightness: real TensorFlow, known answers."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from translated import all_translated

from components.common.artifacts.candidate import Candidate, CandidateInfo
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.artifacts.evaluation import EvaluationInfo
from components.common.artifacts.exported import Export, ExportInfo
from components.common.artifacts.records import tree_sha256
from components.common.pictures.decode import encode_png
from components.evaluate.incumbent import Incumbent
from components.evaluate.seen import Unseen
from components.evaluate.step import EvaluateInputs

CLASSES = ("functional", "defective")


def save_brightness_model(
    folder: Path, *, classes: tuple[str, ...] = CLASSES, slope: float = 6.0
) -> None:
    """Write a SavedModel: P(last class) rises with the mean brightness of the picture."""
    import tensorflow as tf

    class Model(tf.Module):
        @tf.function(autograph=False)
        def answer(self, image_bytes: Any) -> dict[str, Any]:
            def mean(data: Any) -> Any:
                pixels = tf.io.decode_image(data, channels=3, expand_animations=False)
                return tf.reduce_mean(tf.cast(pixels, tf.float32))

            bright = tf.map_fn(mean, image_bytes, fn_output_signature=tf.float32)
            logit = slope * (bright / 255.0 - 0.5)
            rest = [tf.zeros_like(logit)] * (len(classes) - 1)
            probabilities = tf.nn.softmax(tf.stack([*rest, logit], axis=1))
            names = tf.gather(tf.constant(classes), tf.argmax(probabilities, axis=1))
            return {"probabilities": probabilities, "classes": names, "decision": names}

    model = Model()
    signature = model.answer.get_concrete_function(
        tf.TensorSpec([None], tf.string, name="image_bytes")
    )
    tf.saved_model.save(model, str(folder), signatures={"serving_default": signature})


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


def write_candidate(root: Path) -> None:
    """The part of a Candidate that evaluate reads: record and learning curves."""
    root.mkdir(parents=True)
    info = CandidateInfo(
        classes=CLASSES,
        positive="defective",
        backbone="tiny",
        method="linear_probe_finetune",
        image_size_px=32,
        temperature=1.2,
        flips=1,
        seed=0,
        weights_sha256="",
        trainable_parameters=10,
    )
    curves = pd.DataFrame(
        {
            "phase": ["probe", "finetune", "finetune"],
            "epoch": [1, 2, 3],
            "train_loss": [0.7, 0.5, 0.4],
            "validation_loss": [0.7, 0.6, 0.55],
            "train_accuracy": [0.5, 0.7, 0.8],
            "validation_accuracy": [0.5, 0.65, 0.7],
        }
    )
    Candidate(root, info).write(
        curves=curves, paths=[], probabilities=np.zeros((0, 2), dtype=np.float32)
    )


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
    write_candidate(inputs.candidate)
    save_brightness_model(inputs.exported / "saved_model")
    info = ExportInfo(
        classes=CLASSES,
        positive="defective",
        backbone="tiny",
        method="linear_probe_finetune",
        image_size_px=32,
        max_difference=1e-6,
        model_sha256=tree_sha256(inputs.exported / "saved_model"),
    )
    Export(inputs.exported, info).write()
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
