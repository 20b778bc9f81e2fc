"""A tiny real candidate: an untrained Keras network and the answers it gives."""

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from tiny_candidate import candidate_info

from components.common.artifacts.candidate import CURVE_COLUMNS, Candidate, CandidateInfo
from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.pictures.decode import decode, resize

SIZE_PX = 32


def encoded_pictures() -> dict[str, bytes]:
    """Pictures of every kind that reaches a server: sizes, formats, modes, bit depths."""
    rng = np.random.default_rng(7)

    def smooth(height: int, width: int) -> np.ndarray:
        coarse = rng.integers(0, 256, (6, 7, 3), dtype=np.uint8)
        return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))

    def save(image: Image.Image, kind: str, **options: Any) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, format=kind, **options)
        return buffer.getvalue()

    colour = Image.fromarray(smooth(70, 91))
    grey = Image.fromarray(smooth(64, 48)[..., 0])
    deep = (smooth(40, 40)[..., 0].astype(np.uint16) << 8) | 0x37
    alpha = colour.convert("RGBA")
    alpha.putalpha(90)
    return {
        "colour.png": save(colour, "PNG"),
        "grey.png": save(grey, "PNG"),
        "sixteen.png": save(Image.fromarray(deep), "PNG"),
        "palette.png": save(colour.quantize(32), "PNG"),
        "alpha.png": save(alpha, "PNG"),
        "colour.jpg": save(colour, "JPEG", quality=88),
        "grey.jpg": save(grey, "JPEG", quality=92),
        "coarse.jpg": save(colour, "JPEG", quality=60, subsampling=2),
        "cmyk.jpg": save(colour.convert("CMYK"), "JPEG"),
        "tiny.png": save(Image.fromarray(smooth(5, 3)), "PNG"),
        "big.png": save(Image.fromarray(smooth(300, 300)), "PNG"),
        "exact.png": save(Image.fromarray(smooth(SIZE_PX, SIZE_PX)), "PNG"),
    }


@pytest.fixture(scope="session")
def encoded() -> dict[str, bytes]:
    """Pictures by file name."""
    return encoded_pictures()


@dataclass(frozen=True)
class Tiny:
    """Where the two inputs of the export step are, and what the network knows."""

    candidate: Path
    dataset: Path
    classes: tuple[str, ...]


def network(classes: int, *, feature_name: str = "embedding") -> Any:
    """A functional model with BatchNorm and a layer that only acts in training."""
    import keras

    keras.utils.set_random_seed(3)
    pixels = keras.Input((SIZE_PX, SIZE_PX, 3), name="pixels")
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(pixels)
    x = keras.layers.Conv2D(8, 3, strides=2, use_bias=False)(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.ReLU(6.0)(x)
    x = keras.layers.GlobalAveragePooling2D(name=feature_name)(x)
    x = keras.layers.Dropout(0.5)(x)
    model = keras.Model(pixels, keras.layers.Dense(classes)(x))
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel * 6, bias])
    return model


def trained_answers(model: Any, info: CandidateInfo, pictures: list[bytes]) -> np.ndarray:
    """What a trainer computes: common.pictures, flips, temperature. No TensorFlow decoding."""
    pixels = [resize(decode(data), info.image_size_px) for data in pictures]
    batch = np.stack([np.repeat(p, 3 // p.shape[-1], axis=-1) for p in pixels]).astype(np.float32)
    views = [batch, batch[:, :, ::-1], batch[:, ::-1], batch[:, ::-1, ::-1]][: info.flips]
    logits = np.mean([model(view, training=False).numpy() for view in views], axis=0)
    scaled = np.exp(logits / info.temperature)
    return (scaled / scaled.sum(axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="session")
def make_tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Tiny]:
    """Build a candidate and its data set."""

    def make(
        classes: tuple[str, ...] = ("functional", "defective"),
        flips: int = 4,
        feature_name: str = "embedding",
        shift: float = 0.0,
    ) -> Tiny:
        root = tmp_path_factory.mktemp("tiny")
        pictures = encoded_pictures()
        _write_dataset(root / "dataset", pictures, classes)
        (root / "candidate").mkdir()
        info = candidate_info(classes, image_size_px=SIZE_PX, temperature=1.3, flips=flips)
        candidate = Candidate(root / "candidate", info)
        model = network(len(classes), feature_name=feature_name)
        model.save(candidate.model_path)
        candidate.write(
            curves=pd.DataFrame([dict.fromkeys(CURVE_COLUMNS, 1.0)]),
            paths=[f"pictures/{name}" for name in pictures],
            probabilities=trained_answers(model, info, list(pictures.values())) + shift,
        )
        return Tiny(root / "candidate", root / "dataset", classes)

    return make


@pytest.fixture(scope="session")
def tiny(make_tiny: Callable[..., Tiny]) -> Tiny:
    """The two-class candidate with four views."""
    return make_tiny()


def _write_dataset(root: Path, pictures: dict[str, bytes], classes: tuple[str, ...]) -> None:
    (root / "pictures").mkdir(parents=True)
    rows = []
    for position, (name, data) in enumerate(pictures.items()):
        (root / "pictures" / name).write_bytes(data)
        rows.append(
            {
                "path": f"pictures/{name}",
                "sha256": hashlib.sha256(data).hexdigest(),
                "label": classes[position % len(classes)],
                "soft_label": float("nan"),
                "domain": "",
                "group": str(position),
                "split": "validation",
                "weight": 1.0,
            }
        )
    positive = classes[-1] if len(classes) == 2 else ""
    info = DatasetInfo(name="tiny", classes=classes, positive=positive)
    Dataset(root, info, pd.DataFrame(rows)).write()
