"""Converted EfficientNet-Lite weights against the forward pass of the PyTorch package.

The reference was computed once with PyTorch 2.13 and efficientnet-lite-pytorch 0.1.0: eight logits
of one picture for the package's ImageNet weights, and for weights that are drawn here again.
"""

import json
import zlib
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from torch_files import torch_file

from components.networks.backbones import efficientnet_lite as family
from components.networks.weights.efficientnet_lite import keras_file
from components.networks.weights.load import load_file

ROOT = Path(__file__).parents[4]
REFERENCE = json.loads(Path(__file__).with_name("efficientnet_lite_reference.json").read_text())

pytestmark = pytest.mark.slow


def picture(size_px: int) -> np.ndarray:
    """Waves of three colours over a chequered ground, float32 [1, S, S, 3]."""
    y, x = np.meshgrid(np.arange(size_px), np.arange(size_px), indexing="ij")
    waves = [
        np.sin(x / (7 + 3 * c)) * np.cos(y / (11 + 2 * c)) + 0.3 * ((x // 16 + y // 24 + c) % 3)
        for c in range(3)
    ]
    return np.clip(np.round(127.5 + 90 * np.stack(waves, -1)), 0, 255).astype("float32")[None]


def drawn(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Weights that follow from the variable's name."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    if name.endswith("num_batches_tracked"):
        return np.zeros(shape, "int64")
    if name.endswith("running_var") or ("bn" in name and name.endswith("weight")):
        return rng.uniform(0.5, 1.5, shape).astype("float32")
    if len(shape) > 1:
        return (rng.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))).astype("float32")
    return (0.1 * rng.normal(size=shape)).astype("float32")


def logits(variant: str, weights: Path, *, size_px: int) -> np.ndarray:
    model: Any = family.build(variant, image_size_px=size_px, pretrained=False).model
    load_file(model, str(weights))
    features = np.asarray(model(picture(size_px), training=False)).mean(axis=(1, 2))
    with h5py.File(weights) as file:
        answers = features @ file["predictions/kernel"][()] + file["predictions/bias"][()]
    return np.asarray(answers[0, :8])


@pytest.mark.parametrize("variant", tuple(family.FACTS))
def test_the_conversion_answers_as_pytorch_does(variant: str, tmp_path: Path) -> None:
    reference = REFERENCE[variant]
    tensors = {name: drawn(name, tuple(shape)) for name, shape in reference["shapes"].items()}
    weights = tmp_path / "drawn.h5"
    weights.write_bytes(keras_file(torch_file(tensors)))
    found = logits(variant, weights, size_px=reference["drawn_size_px"])
    np.testing.assert_allclose(found, reference["drawn_logits"], atol=1e-4)


@pytest.mark.parametrize("variant", tuple(family.FACTS))
def test_the_pinned_weights_answer_as_the_package_does(variant: str) -> None:
    weights = ROOT / "data" / "weights" / f"efficientnet_lite{variant}.h5"
    if not weights.is_file():
        pytest.skip("needs 'make data'")
    reference = REFERENCE[variant]
    found = logits(variant, weights, size_px=reference["size_px"])
    np.testing.assert_allclose(found, reference["pretrained_logits"], atol=1e-4)
