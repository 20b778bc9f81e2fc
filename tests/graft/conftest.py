"""A folder where a user stands: a published model that judges by brightness, and pictures."""

from pathlib import Path

import numpy as np
import pytest
from blank_passport import blank_passport
from brightness_model import CLASSES, save_brightness_model
from PIL import Image

from components.common.artifacts.passport import write_passport


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`serving/models/levels/2`, `new/` with four files, `labelled/` with twenty pictures."""
    home = tmp_path_factory.mktemp("workplace")
    model_dir = home / "serving" / "models" / "levels"
    save_brightness_model(model_dir / "2")
    write_passport(model_dir, blank_passport(model_name="levels", version=2, classes=CLASSES))
    rng = np.random.default_rng(0)
    for label, level in (("functional", 60), ("defective", 190)):
        for number in range(10):
            # Two of each ten are as bright as the others.
            shown = 250 - level if number < 2 else level
            _save(home / "labelled" / label / f"{label}-{number}.png", shown, rng)
    _save(home / "new" / "bright.png", 220, rng)
    _save(home / "new" / "dark.png", 40, rng)
    (home / "new" / "torn.png").write_bytes(b"no picture")
    return home


def _save(path: Path, level: int, rng: np.random.Generator) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = rng.integers(-20, 21, (24, 32)) + level
    Image.fromarray(pixels.astype(np.uint8)).save(path)
