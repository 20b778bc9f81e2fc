"""Thresholds are found once, and kept on disk."""

from pathlib import Path

import pytest
from tiny_observations import observe

from components.common.artifacts.monitoring.drift_report import Detection
from components.monitor.detect import kept as module
from components.monitor.detect import measure as measuring
from components.monitor.detect.config import DetectConfig
from components.monitor.detect.measure import measure

QUICK = DetectConfig(null_windows=100)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time that thresholds were found."""
    calls: list[str] = []
    find = measuring.find_thresholds
    monkeypatch.setattr(
        measuring, "find_thresholds", lambda *a, **b: (calls.append("found"), find(*a, **b))[1]
    )
    return calls


def looked(keep: Path | None, *, seed: int = 1, pictures: int = 30) -> tuple[Detection, ...]:
    """A look of a process of its own: nothing is in memory."""
    measuring._MONITORS.clear()
    window = observe(1, pictures, first=90)
    return measure(window, observe(20, 10), settings=QUICK, seed=seed, keep=keep)


def test_a_second_look_finds_what_the_first_kept_and_says_the_same(
    tmp_path: Path, found: list[str]
) -> None:
    first = looked(tmp_path / "kept")
    assert looked(tmp_path / "kept") == first == looked(None)
    assert len(found) == 2 and len(list((tmp_path / "kept").iterdir())) == 1


def test_another_seed_window_or_code_finds_its_own(
    tmp_path: Path, found: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked(tmp_path)
    looked(tmp_path, seed=2)
    looked(tmp_path, pictures=60)
    monkeypatch.setattr(module, "sources_sha256", lambda _: "a later release")
    looked(tmp_path)
    assert len(found) == len(list(tmp_path.iterdir())) == 4


def test_what_is_damaged_is_found_again(tmp_path: Path, found: list[str]) -> None:
    first = looked(tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text()[:99])
    assert looked(tmp_path) == first
    assert len(found) == 2 and looked(tmp_path) == first and len(found) == 2


def test_a_volume_that_takes_nothing_costs_time_only(
    tmp_path: Path, found: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    assert looked(tmp_path / "file" / "kept") == looked(None)
    assert "cannot be kept" in caplog.text
