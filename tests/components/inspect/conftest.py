"""Embedded pictures in known groups, without a network."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.pictures.decode import encode_png

CLASSES = ("good", "bad")
Embedded = tuple[Dataset, npt.NDArray[np.float32]]


@pytest.fixture
def embedded(tmp_path: Path) -> Callable[..., Embedded]:
    """Write a Dataset of 24 lots of 8 pictures, all of one class a lot, and their embeddings.

    `alike` is how much pictures of a lot have in common; `name` makes a file name of lot and
    number.
    """

    def make(
        *,
        alike: float = 0.0,
        name: Callable[[int, int], str] = lambda lot, number: f"{8 * lot + number:04d}",
        given: bool = False,
    ) -> Embedded:
        rng = np.random.default_rng(0)
        rows, vectors = [], []
        root = tmp_path / "dataset"
        (root / "pictures").mkdir(parents=True)
        for lot in range(24):
            label = lot % 2
            own = alike * rng.normal(0, 1, 24)
            for number in range(8):
                path = f"pictures/{name(lot, number)}.png"
                pixels = rng.integers(0, 256, (6, 6, 1)).astype(np.uint8)
                (root / path).write_bytes(encode_png(pixels))
                vectors.append(0.4 * label + own + rng.normal(0, 1, 24))
                digest = f"{lot}-{number}"
                row = {"path": path, "sha256": digest, "label": CLASSES[label], "domain": ""}
                group = f"lot {lot}" if given else digest
                row |= {"pixels": digest, "group": group, "split": "train"}
                rows.append({**row, "soft_label": np.nan, "weight": 1.0})
        info = DatasetInfo(name="lots", classes=CLASSES, positive="bad")
        dataset = Dataset(root, info, pd.DataFrame(rows))
        dataset.write()
        return dataset, np.array(vectors, dtype=np.float32)

    return make
