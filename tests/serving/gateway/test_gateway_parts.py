"""Merging and removing parts: nothing is lost, nothing stands twice, whatever happens."""

import datetime as dt
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from log_parts import DAY_S, MIDNIGHT_UNIX_S, names, write_part
from test_gateway_files import files_of_at_most, journal, row

from components.common import files
from components.common.artifacts.monitoring.log_reading import read_log
from components.common.artifacts.monitoring.prediction_log import JOURNAL
from serving.gateway.log import parts as parts_module
from serving.gateway.log.parts import Parts


def merge_all(root: Path) -> int:
    parts, count = Parts(root), 0
    while merged := parts.merge_some():
        count += merged
    return count


def files_of(root: Path) -> list[Path]:
    return sorted(root.glob("*/*.parquet"))


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A log of one day that is over, in 24 parts."""
    root = tmp_path / "m"
    for hour in range(24):
        write_part(root, MIDNIGHT_UNIX_S + hour * 3600.0, 20, span_s=3600.0)
    return root


def test_the_parts_of_a_day_that_is_over_become_one(day: Path) -> None:
    now = time.time()
    write_part(day, now - 5, 3, span_s=1.0)
    write_part(day, now - 3, 3, span_s=1.0)
    whole, newest_s = names(day), max(path.stat().st_mtime for path in files_of(day)[:24])
    assert merge_all(day) == 24
    merged, *todays = files_of(day)
    assert len(todays) == 2
    assert merged.stat().st_mtime == newest_s
    assert names(day) == whole
    assert merge_all(day) == 0
    assert Parts(day).remove_old(keep_days=1.5) == 1
    assert names(day) == whole[-6:]


def test_parts_stay_below_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for hour in range(8):
        write_part(tmp_path, MIDNIGHT_UNIX_S + hour * 3600.0, 2000)
    one = files_of(tmp_path)[0].stat().st_size
    monkeypatch.setattr(parts_module, "MOST_BYTES", 3 * one)
    whole = names(tmp_path)
    merge_all(tmp_path)
    assert 2 <= len(files_of(tmp_path)) <= 4
    assert all(path.stat().st_size <= 3 * one for path in files_of(tmp_path))
    assert names(tmp_path) == whole


def test_a_crash_after_the_merged_part_appeared(day: Path, tmp_path: Path) -> None:
    before = tmp_path / "before"
    shutil.copytree(day, before)
    whole = names(day)
    merge_all(day)
    # As if not one of the others had been removed yet.
    for path in files_of(before):
        shutil.copy2(path, day / path.parent.name)
    assert len(files_of(day)) == 25
    assert names(day) == whole
    merge_all(day)
    assert len(files_of(day)) == 1
    assert read_log(day).table.num_rows == pq.read_metadata(files_of(day)[0]).num_rows


def test_a_full_disk_leaves_everything_as_it_is(day: Path) -> None:
    before = files_of(day)
    with files_of_at_most(1000), pytest.raises(OSError):
        Parts(day).merge_some()
    assert files_of(day) == before
    assert not [path for path in day.rglob(".*") if path.suffix == ".partial"]


def test_a_damaged_part_stays_for_people_to_see(day: Path) -> None:
    damaged = files_of(day)[3]
    damaged.write_bytes(b"PAR1 and then nothing")
    whole = names(day)
    assert merge_all(day) == 23
    assert damaged in files_of(day) and len(files_of(day)) == 2
    assert read_log(day).damaged == (str(damaged),)
    assert names(day) == whole


def test_one_gateway_merges_at_a_time(day: Path) -> None:
    with files.locked(day / JOURNAL, holder="this test"):
        assert Parts(day).merge_some() == 0
    assert len(files_of(day)) == 24


def test_the_oldest_go_beyond_a_size(day: Path) -> None:
    parts, sizes = Parts(day), [path.stat().st_size for path in files_of(day)]
    last = files_of(day)[-5:]
    assert parts.remove_beyond(sum(sizes)) == 0
    assert parts.remove_beyond(sum(sizes[-5:]) + 100) == 19
    assert files_of(day) == last
    assert parts.remove_beyond(0) == 5
    assert list(day.glob("????-*")) == []


def test_a_journal_over_midnight_becomes_a_part_of_each_day(tmp_path: Path) -> None:
    now = dt.datetime.now(dt.UTC).timestamp()
    midnight = now // DAY_S * DAY_S
    times = {"a": midnight - 2, "b": midnight + 1, "c": midnight - 1, "far": 1.0}
    log = journal(tmp_path)
    for name, time_unix_s in times.items():
        log.write([row(name, time_unix_s=time_unix_s)])
    log.write([replace(row("nan"), time_unix_s=float("inf"))])
    log.rotate()
    found = {path.parent.name: path.stem for path in files_of(tmp_path)}
    assert len(found) == 2 and len(set(found.values())) == 1
    yesterday, today = (tmp_path / name for name in sorted(found))
    assert names(tmp_path, since_unix_s=midnight - 5) == ["a", "c", "b", "nan"]
    shutil.rmtree(yesterday)
    assert names(tmp_path) == ["far", "b", "nan"]
    assert today.name == f"{dt.datetime.fromtimestamp(now, dt.UTC):%Y-%m-%d}"


@pytest.mark.slow
def test_killed_again_and_again_while_merging(day: Path) -> None:
    whole = names(day)
    # Before its n-th change of a file.
    code = (
        "import os, sys; from pathlib import Path\n"
        "from serving.gateway.log import parts\n"
        "parts.MOST_BYTES, left = int(sys.argv[2]), [int(sys.argv[3])]\n"
        "def deadly(change):\n"
        "    def run(*args, **named):\n"
        "        left[0] -= 1\n"
        "        if left[0] < 0: os.kill(os.getpid(), 9)\n"
        "        return change(*args, **named)\n"
        "    return run\n"
        "os.utime, Path.replace, Path.unlink = map(deadly, (os.utime, Path.replace, Path.unlink))\n"
        "while parts.Parts(Path(sys.argv[1])).merge_some(): pass\n"
    )
    one, killed = files_of(day)[0].stat().st_size, 0
    for attempt in range(12):
        argv = [sys.executable, "-c", code, str(day), str((2 + attempt) * one), str(attempt)]
        killed += subprocess.run(argv, check=False).returncode == -signal.SIGKILL
        assert names(day) == whole
    assert killed == 11
    merge_all(day)
    assert names(day) == whole and len(files_of(day)) == 1
