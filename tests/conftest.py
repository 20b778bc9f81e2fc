from pathlib import Path

import pytest
from tiny_shards import write_tiny_shards


@pytest.fixture
def tiny_shards(tmp_path: Path) -> Path:
    return write_tiny_shards(tmp_path / "shards")
