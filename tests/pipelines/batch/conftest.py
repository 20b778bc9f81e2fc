import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "serving"))

from bright_model import png, write_model

LEVELS = tuple(range(5, 250, 10))


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with versions 3 and 12, the newest of which calls bright twice as much."""
    folder = tmp_path_factory.mktemp("bright")
    write_model(folder / "3", scale=0.5)
    write_model(folder / "12")
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """25 good pictures in two folders, three bad ones, and a file that is none."""
    folder = tmp_path / "pictures"
    for level in LEVELS:
        path = folder / f"line-{level % 4}" / f"{level:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(level))
    (folder / "line-1" / "words.png").write_bytes(b"no picture")
    (folder / "line-1" / "cut.png").write_bytes(png(7, size=(90, 90))[:70])
    (folder / "line-3" / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("not to be asked about")
    return folder
