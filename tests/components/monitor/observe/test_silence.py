"""A monitor that sees nothing says so, and why."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.common.artifacts.monitoring.drift_report import WindowInfo
from components.common.artifacts.monitoring.prediction_log import SCHEMA
from components.monitor.observe.silence import Silence, find_silence

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S
NOW = 1_767_600_000.0


def write(log: Path, hours_ago: Sequence[float], *, version: int = 1, name: str = "a") -> None:
    """Write a record of a version at each of these hours before now."""
    count = len(hours_ago)
    columns: dict[str, Any] = {field.name: [None] * count for field in SCHEMA}
    columns["time_unix_s"] = [NOW - hours * HOUR_S for hours in hours_ago]
    columns |= {"request_id": [f"{name}-{row}" for row in range(count)], "row": [0] * count}
    columns["version"] = [version] * count
    folder = log / "2026-01-05"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, SCHEMA), folder / f"{name}.parquet")


def silence(log: Path, *, at_most_h: float = 0.0, published_h: float = 1e4, **window: Any) -> Any:
    info: dict[str, Any] = {"pictures": 100, "left_out": {}, **window}
    seen = WindowInfo(source="", embeddings=0, groups=0, first_unix_s=0.0, last_unix_s=0.0, **info)
    return find_silence(
        log,
        seen,
        version=2 if published_h < 1e4 else 1,
        published_unix_s=NOW - published_h * HOUR_S,
        now_unix_s=NOW,
        at_most_h=at_most_h,
    )


def kind(found: Silence | None) -> str:
    return found.kind if found else ""


def shifts(days: Sequence[int], *, hours: float = 12.0) -> list[float]:
    """Hours ago of records every six minutes of shifts that ended so many days ago."""
    return [24.0 * day + step / 10 for day in days for step in range(int(hours * 10))]


def test_no_log_and_an_empty_one(tmp_path: Path) -> None:
    found = silence(tmp_path / "absent")
    assert kind(found) == "no-log"
    assert "graft gateway" in found.check
    assert kind(silence(tmp_path)) == "no-records"
    write(tmp_path, [24.0 * 30])
    assert kind(silence(tmp_path)) == "no-records"


def test_records_that_come_as_usual_are_no_silence(tmp_path: Path) -> None:
    write(tmp_path, shifts(range(20)))
    assert silence(tmp_path) is None


def test_a_night_and_a_weekend_are_known_after_a_week(tmp_path: Path) -> None:
    # The last shift ended 30 hours ago, as it did one and two weeks before; now is Sunday.
    weekends = [day for day in range(20) if day % 7 not in {0, 6}]
    write(tmp_path, [hours + 6 for hours in shifts(weekends)])
    assert silence(tmp_path) is None


def test_a_shift_that_is_missing_is_said_the_same_day(tmp_path: Path) -> None:
    write(tmp_path, shifts(range(1, 20)))
    found = silence(tmp_path)
    assert kind(found) == "no-new-records"
    assert "24.0 h" in found.sentence
    assert "gateway" in found.check


def test_a_young_log_has_a_day_and_a_setting_overrules(tmp_path: Path) -> None:
    write(tmp_path, [23.0, 30.0])
    assert silence(tmp_path) is None
    assert kind(silence(tmp_path, at_most_h=20)) == "no-new-records"
    write(tmp_path, [25.0, 30.0])
    assert kind(silence(tmp_path)) == "no-new-records"
    assert silence(tmp_path, at_most_h=48) is None


def test_a_week_of_silence_is_never_usual(tmp_path: Path) -> None:
    write(tmp_path, [24.0 * 8])
    assert kind(silence(tmp_path)) == "no-new-records"


def test_records_from_the_future_do_not_count(tmp_path: Path) -> None:
    write(tmp_path, [-48.0, -49.0])
    assert kind(silence(tmp_path)) == "no-records"


def test_a_version_that_the_server_never_loaded(tmp_path: Path) -> None:
    write(tmp_path, np.linspace(0, 5, 60).tolist(), version=1)
    found = silence(tmp_path, published_h=5)
    assert kind(found) == "version"
    assert "version 1 still answers" in found.sentence
    # Just published, it may not have been asked yet.
    assert silence(tmp_path, published_h=0.1) is None
    write(tmp_path, [0.1], version=2, name="b")
    assert silence(tmp_path, published_h=5) is None


def test_nothing_but_refused_requests(tmp_path: Path) -> None:
    write(tmp_path, [0.1])
    found = silence(tmp_path, pictures=0, left_out={"refused request": 9, "other version": 3})
    assert kind(found) == "refused"
    assert "9 × refused request" in found.sentence
    assert silence(tmp_path, pictures=0, left_out={"other version": 3}) is None
    assert silence(tmp_path, pictures=1, left_out={"refused request": 9}) is None


def test_a_full_volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, [0.1])
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**20))
    found = silence(tmp_path)
    assert kind(found) == "full-volume"
    assert "1 MiB" in found.sentence
