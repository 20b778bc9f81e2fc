from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from components.common.pictures.decode import encode_png


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Make a small grey PNG with a content of its own."""

    def make(seed: int, side_px: int = 40) -> bytes:
        noise = np.random.default_rng(seed).integers(0, 256, (side_px, side_px, 1))
        return encode_png(noise.astype(np.uint8))

    return make


@pytest.fixture
def two_classes(tmp_path: Path, picture: Callable[..., bytes]) -> Path:
    """A folder with classes good (3 pictures) and bad (2, one of them deeper)."""
    root = tmp_path / "mine"
    for number, name in enumerate(
        ["good/a.png", "good/b.png", "good/c.png", "bad/a.png", "bad/lot2/b.png"]
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return root
