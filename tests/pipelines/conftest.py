"""A small set of pictures that a run can learn from within seconds."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

GROUPS = 16
PER_GROUP = 8


@pytest.fixture(scope="session")
def tiny_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest.csv: 128 pictures, half with a bright bar, in 16 groups."""
    return write_pictures(tmp_path_factory.mktemp("tiny"), bars=True)


@pytest.fixture(scope="session")
def unlearnable_pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, but nothing in a picture tells its label."""
    return write_pictures(tmp_path_factory.mktemp("unlearnable"), bars=False)


def write_pictures(root: Path, *, bars: bool) -> Path:
    rng = np.random.default_rng(0)
    lines = ["path,label,group"]
    for group in range(GROUPS):
        for number in range(PER_GROUP):
            label = "defective" if number % 2 else "good"
            pixels = rng.normal(90, 12, (48, 48))
            if bars and label == "defective":
                row = int(rng.integers(8, 36))
                pixels[row : row + 6] += 110
            name = f"{label}/g{group:02d}-{number}.png"
            (root / label).mkdir(exist_ok=True)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / name)
            lines.append(f"{name},{label},lot-{group:02d}")
    (root / "manifest.csv").write_text("\n".join(lines) + "\n")
    return root
