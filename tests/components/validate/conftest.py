import hashlib
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from noise_png import noise_png

from components.common.artifacts.dataset import Dataset, DatasetInfo


@pytest.fixture
def manifest() -> Callable[..., pd.DataFrame]:
    """Make manifest rows of classes good and bad, `size` pictures a group."""

    def make(
        groups: int, *, size: int = 2, labels: Sequence[str] = ("good", "bad")
    ) -> pd.DataFrame:
        rows = [
            {
                "path": f"pictures/g{group}-{number}.png",
                "sha256": hashlib.sha256(f"{group}-{number}".encode()).hexdigest(),
                "label": labels[number % len(labels)],
                "soft_label": math.nan,
                "domain": "",
                "pixels": hashlib.sha256(f"pixels {group}-{number}".encode()).hexdigest(),
                "group": f"g{group}",
                "split": "",
                "weight": 1.0,
            }
            for group in range(groups)
            for number in range(size)
        ]
        return pd.DataFrame(rows)

    return make


@pytest.fixture
def dataset(tmp_path: Path, manifest: Callable[..., pd.DataFrame]) -> Callable[..., Dataset]:
    """Write a Dataset with a picture of its own for each row of a manifest."""

    def make(rows: pd.DataFrame | None = None, **info: object) -> Dataset:
        rows = manifest(30) if rows is None else rows
        root = tmp_path / "dataset"
        (root / "pictures").mkdir(parents=True)
        for seed, path in enumerate(rows["path"]):
            (root / path).write_bytes(noise_png(seed))
        labels = sorted(set(rows["label"]), reverse=True)
        described = {"name": "tiny", "classes": tuple(labels), "positive": "bad", **info}
        made = Dataset(root, DatasetInfo(**described), rows)  # type: ignore[arg-type]
        made.write()
        return made

    return make
