from pathlib import Path

import pytest
from label_log import Log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "predictions" / "solar")
