"""Reading a log: only the days that were asked for, and bounded where it is long."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from log_parts import DAY_S, MIDNIGHT_UNIX_S, names, write_part

from components.common.artifacts.monitoring import log_reading
from components.common.artifacts.monitoring.log_reading import newest_record_unix_s, read_log


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The parts whose records are read."""
    found: list[Path] = []
    read: Callable[..., Any] = pq.read_table

    def noted(path: Path, **options: Any) -> Any:
        found.append(path)
        return read(path, **options)

    monkeypatch.setattr(log_reading.pq, "read_table", noted)
    return found


def test_a_window_opens_the_parts_of_its_days(tmp_path: Path, opened: list[Path]) -> None:
    for part in range(20 * 6):
        write_part(tmp_path, MIDNIGHT_UNIX_S - part * DAY_S / 6, 3)
    since = MIDNIGHT_UNIX_S - 7.4 * DAY_S
    found = names(tmp_path, since_unix_s=since)
    assert len({path.parent.name for path in opened}) == 9  # a day has begun, and one is cut
    assert len(found) == sum(float(name) >= since for name in names(tmp_path)) > 7 * 18
    opened.clear()
    assert len(names(tmp_path, since_unix_s=since, until_unix_s=since + DAY_S)) == 18
    assert len({path.parent.name for path in opened}) == 2
    opened.clear()
    assert newest_record_unix_s(tmp_path) == MIDNIGHT_UNIX_S + 400
    assert {path.parent.name for path in opened} == {
        path.name for path in sorted(tmp_path.iterdir())[-1:]
    }


def test_records_after_midnight_in_the_part_of_an_earlier_release(tmp_path: Path) -> None:
    part = write_part(tmp_path, MIDNIGHT_UNIX_S - 300, 6)
    assert names(tmp_path, since_unix_s=MIDNIGHT_UNIX_S) == [
        f"{MIDNIGHT_UNIX_S + second:.3f}" for second in (0, 100, 200)
    ]
    # Records that waited for the disk over midnight.
    later = tmp_path / "2222-01-01"
    part.parent.rename(later)
    assert len(names(tmp_path)) == 6
    write_part(tmp_path, MIDNIGHT_UNIX_S - 300, 6)
    assert names(tmp_path) == sorted(names(tmp_path)) and len(names(tmp_path)) == 6


def test_parts_that_are_merged_while_somebody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (write_part(tmp_path, MIDNIGHT_UNIX_S + 600 * n, 3) for n in (0, 1))
    whole, table = names(tmp_path), read_log(tmp_path).table
    read = log_reading.read_part

    def merged_meanwhile(path: Path, *others: Any) -> Any:
        found = read(path, *others)
        if path == first and second.exists():
            both = first.with_name("0-merged.parquet")
            pq.write_table(table, both)
            first.unlink()
            second.unlink()
        return found

    monkeypatch.setattr(log_reading, "read_part", merged_meanwhile)
    assert names(tmp_path) == whole


def test_of_many_pictures_a_fixed_choice_is_read(tmp_path: Path) -> None:
    for part in range(30):
        write_part(tmp_path, MIDNIGHT_UNIX_S - part * 7200.0, 40)
    whole = read_log(tmp_path).table
    smallest = sorted(whole["picture_sha256"].to_pylist())[:50]
    for most in (50, 1200, 5000):
        read = read_log(tmp_path, most_pictures=most)
        assert len(read.table) == min(most, 1200)
        assert read.beyond == 1200 - len(read.table)
    chosen = read_log(tmp_path, most_pictures=50).table
    assert sorted(chosen["picture_sha256"].to_pylist()) == smallest
    assert chosen["time_unix_s"].to_pylist() == sorted(chosen["time_unix_s"].to_pylist())


def test_a_copied_log_without_its_file_times_is_read(tmp_path: Path) -> None:
    write_part(tmp_path / "old", MIDNIGHT_UNIX_S - 300, 6)
    shutil.copytree(tmp_path / "old", tmp_path / "new", copy_function=shutil.copyfile)
    for path in (tmp_path / "new").rglob("*.parquet"):
        os.utime(path)
    window = {"since_unix_s": MIDNIGHT_UNIX_S}
    assert names(tmp_path / "new", **window) == names(tmp_path / "old", **window)


def test_one_request_id_for_two_pictures_is_two_records(tmp_path: Path) -> None:
    part = write_part(tmp_path, MIDNIGHT_UNIX_S, 2)
    table = pq.read_table(part, partitioning=None)
    same = table.set_column(1, "request_id", [["r", "r"]])
    pq.write_table(same, part)
    assert names(tmp_path) == ["r", "r"]


def test_a_link_to_a_part_that_is_gone_is_damage(tmp_path: Path) -> None:
    part = write_part(tmp_path, MIDNIGHT_UNIX_S, 3)
    link = part.with_name(f"0-linked{part.suffix}")
    link.symlink_to(tmp_path / "gone")
    read = read_log(tmp_path)
    assert read.damaged == (str(link),)
    assert len(names(tmp_path)) == 3


def test_a_record_that_stands_twice_stands_once_whether_embeddings_are_asked_for_or_not(
    tmp_path: Path,
) -> None:
    part = write_part(tmp_path, MIDNIGHT_UNIX_S, 4)
    pq.write_table(pq.read_table(part, partitioning=None), part.with_name("0-again.parquet"))
    whole, few = read_log(tmp_path).table, read_log(tmp_path, columns=("version",)).table
    assert len(whole) == len(few) == 4
    # They are most of a log's bytes, so they are read only for those who ask.
    assert "embedding" in whole.column_names and "embedding" not in few.column_names
    assert few["request_id"] == whole["request_id"]
