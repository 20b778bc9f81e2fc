"""What a launch refuses before it starts."""

from pathlib import Path

import pytest

from components.common.errors import ConfigError
from pipelines.local.launch import check_weights


def test_weights_that_are_not_there_are_missed_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"'nowhere/net\.h5', where there is no file; run 'make data'"
    ):
        check_weights("nowhere/net.h5")
    there = tmp_path / "net.h5"
    there.touch()
    for weights in (str(there), "imagenet", "none", "https://example.org/net.h5#sha256=0"):
        check_weights(weights)
