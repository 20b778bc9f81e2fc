from collections.abc import Callable
from pathlib import Path

import pytest
from noise_png import noise_png


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """Make a small grey PNG with a content of its own."""

    return noise_png


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
