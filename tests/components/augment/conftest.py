import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import Dataset, DatasetInfo
from components.common.pictures.decode import encode_png

SPLIT_OF_FIVE = ("train", "train", "train", "validation", "test")


@pytest.fixture
def make_dataset(tmp_path: Path) -> Callable[..., Path]:
    """Write a validated Dataset of random pictures and return its folder."""

    def make(count: int = 10, *, colour_from: int | None = None, name: str = "dataset") -> Path:
        root = tmp_path / name
        (root / "pictures").mkdir(parents=True)
        rng = np.random.default_rng(0)
        rows = []
        for i in range(count):
            channels = 3 if colour_from is not None and i >= colour_from else 1
            pixels = rng.integers(0, 256, (20 + i, 24, channels), dtype=np.uint8)
            data = encode_png(pixels)
            (root / "pictures" / f"{i}.png").write_bytes(data)
            rows.append(
                {
                    "path": f"pictures/{i}.png",
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "label": ("good", "bad")[i % 2],
                    "soft_label": float(i % 2),
                    "domain": "",
                    "group": f"g{i}",
                    "split": SPLIT_OF_FIVE[i % 5],
                    "weight": 1.0,
                }
            )
        info = DatasetInfo(name="random", classes=("good", "bad"), positive="bad")
        Dataset(root, info, pd.DataFrame(rows)).write()
        return root

    return make
