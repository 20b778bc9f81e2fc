"""docs/reference/monitoring.md beside the code."""

import re
from pathlib import Path

from components.common import plugins
from components.monitor.detect.config import DEFAULT_DETECTORS
from components.monitor.detect.contract import DETECTORS, load
from components.monitor.observe import windows

TEXT = Path("docs/reference/monitoring.md").read_text()
ROWS = [line.split("|")[1:4] for line in TEXT.splitlines() if line.startswith("| ") and "`" in line]
REASONS = (
    windows.OTHER_VERSION,
    windows.REFUSED,
    windows.NOT_FINITE,
    windows.SCORES_MISFIT,
    windows.DUPLICATE,
    windows.CLOCK,
    windows.UNREADABLE,
    windows.DAMAGED,
)
CHANNELS = {"statistics": "picture statistics", "features": "embeddings", "scores": "scores"}


def test_every_detector_stands_in_the_table_with_its_channel() -> None:
    documented = {
        name: channel for names, channel, _ in ROWS for name in re.findall(r"`(\w+)`", names)
    }
    assert set(documented) == set(plugins.names(DETECTORS))
    for name, channel in documented.items():
        assert CHANNELS[load(name).CHANNEL] in channel


def test_the_bold_ones_are_the_default() -> None:
    assert tuple(re.findall(r"\*\*`(\w+)`\*\*", TEXT)) == DEFAULT_DETECTORS


def test_every_reason_is_named() -> None:
    for reason in REASONS:
        assert f"`{reason}`" in TEXT
