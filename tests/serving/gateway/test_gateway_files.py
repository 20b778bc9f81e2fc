"""Journals, parts and the sample of pictures, without a server."""

import hashlib
import os
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.common.artifacts.monitoring.log_reading import read_log
from components.common.artifacts.monitoring.prediction_log import STATISTIC_COLUMNS
from serving.gateway.log.embeddings import Embeddings
from serving.gateway.log.journal import Journal, recover
from serving.gateway.log.model_log import ModelLog
from serving.gateway.log.parts import Parts
from serving.gateway.log.picture_sample import Reservoir
from serving.gateway.reading.rows import Row
from serving.gateway.reading.statistics_budget import StatisticsBudget
from serving.gateway.settings import LogSettings


def row(name: str, *, number: int = 0, time_unix_s: float = 1.0) -> Row:
    return Row(
        time_unix_s=time_unix_s,
        request_id=name,
        row=number,
        model="m",
        version=1,
        interface="gRPC",
        status=0,
        latency_ms=2.5,
        scores=np.array([0.25, 0.75], np.float32),
        decision="up",
        embedding=None,
        picture_sha256="ab",
        picture_bytes=9,
        height_px=None,
        width_px=None,
        group="",
        line="",
        camera="",
        statistics=np.arange(len(STATISTIC_COLUMNS), dtype=np.float32),
    )


def journal(root: Path, writer: str = "w", *, rotate_bytes: int = 1 << 30) -> Journal:
    return Journal(root, writer=writer, rotate_s=3600, rotate_bytes=rotate_bytes)


def ids(root: Path) -> list[str]:
    return list(read_log(root).table.column("request_id").to_pylist())


def test_rows_can_be_read_while_they_are_written_and_after(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.write([row("a"), row("b", time_unix_s=0.5)])
    assert ids(tmp_path) == ["b", "a"]
    log.write([row("c", time_unix_s=3)])
    assert ids(tmp_path) == ["b", "a", "c"]
    log.rotate()
    assert ids(tmp_path) == ["b", "a", "c"]
    assert not list(tmp_path.glob("journal/*"))
    (found, *_) = read_log(tmp_path).table.to_pylist()
    assert found["scores"] == [0.25, 0.75]
    assert (found["height_px"], found[STATISTIC_COLUMNS[3]]) == (None, 3.0)


def test_it_rotates_by_size_and_by_age(tmp_path: Path) -> None:
    log = journal(tmp_path, rotate_bytes=20_000)
    log.write([row("a")])
    assert not log.due()
    log.write([row(f"n{number}") for number in range(200)])
    assert log.due()
    aged = Journal(tmp_path, writer="other", rotate_s=0.0, rotate_bytes=1 << 30)
    assert not aged.due()
    aged.write([row("b")])
    assert aged.due()
    for one in (log, aged):
        one.abandon()


def test_an_embedding_that_comes_later_completes_its_row(tmp_path: Path) -> None:
    log = journal(tmp_path)
    bare = row("a")
    log.write([bare, row("a", number=1)])
    log.write([replace(bare, embedding=np.array([1, 2], np.float32))])
    for _ in range(2):
        found = read_log(tmp_path).table.to_pylist()
        assert [(one["row"], one["embedding"]) for one in found] == [(0, [1, 2]), (1, None)]
        log.rotate()


@pytest.mark.parametrize("cut_bytes", [1, 100, 1500])
def test_a_journal_cut_within_a_batch_keeps_what_is_whole(tmp_path: Path, cut_bytes: int) -> None:
    log = journal(tmp_path)
    log.write([row("a")])
    log.write([row("b")])
    (path,) = tmp_path.glob("journal/*.arrows")
    whole = path.stat().st_size
    log.abandon()
    os.truncate(path, whole - cut_bytes)
    assert ids(tmp_path) == ["a"]
    assert recover(tmp_path) == 1
    assert ids(tmp_path) == ["a"]
    assert read_log(tmp_path).damaged == ()


def test_recovery_leaves_living_writers_and_rubbish_alone(tmp_path: Path) -> None:
    living = journal(tmp_path)
    living.write([row("a")])
    rubbish = tmp_path / "journal" / "x.arrows"
    rubbish.write_bytes(b"no journal at all")
    (tmp_path / "journal" / "empty.arrows").touch()
    recover(tmp_path)
    assert sorted(path.name.split(".")[-1] for path in tmp_path.glob("journal/*")) == [
        "arrows",
        "damaged",
    ]
    living.write([row("b")])
    assert ids(tmp_path) == ["a", "b"]
    living.abandon()


def test_a_crash_between_part_and_journal_counts_nothing_twice(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.write([row("a"), row("b")])
    (path,) = tmp_path.glob("journal/*.arrows")
    copy = path.read_bytes()
    log.rotate()
    path.write_bytes(copy)
    assert ids(tmp_path) == ["a", "b"]
    recover(tmp_path)
    assert len(list(tmp_path.glob("*/*.parquet"))) == 1
    assert ids(tmp_path) == ["a", "b"]


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Let the kernel refuse larger files, in the middle of a write as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.write([row("a")])
    (path,) = tmp_path.glob("journal/*.arrows")
    size = path.stat().st_size
    many = [row(f"b{number}") for number in range(50)]
    with files_of_at_most(size + 100), pytest.raises(OSError):
        log.write(many)
    assert path.stat().st_size == size + 100  # it does end in the middle of a batch
    for limit in (100, size):
        # Not even the head of a new journal, or not its first batch: nothing is left lying about.
        with files_of_at_most(limit), pytest.raises(OSError):
            log.write(many)
    assert [one.name for one in tmp_path.glob("journal/*")] == [path.name]
    log.write(many)
    assert len(ids(tmp_path)) == 51
    log.abandon()
    assert recover(tmp_path) == 2
    assert len(ids(tmp_path)) == 51
    assert read_log(tmp_path).damaged == ()


def test_a_log_folder_that_takes_nothing_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("serving.gateway.log.model_log._TRY_AGAIN_S", 0.0)
    counts: Counter[str] = Counter()
    folder = tmp_path / "log"
    folder.write_text("a file where the folder should be")
    log = ModelLog(folder / "m", writer="w", settings=LogSettings(), counts=counts)
    log.add_row(row("a"))
    log.flush()
    assert counts == {"write_failures": 1}
    assert "does not take 1 rows" in caplog.text
    folder.unlink()
    log.add_row(row("b"))
    log.flush()
    # What was held in memory is written once the folder takes it.
    assert counts["rows"] == 2
    assert ids(folder / "m") == ["a", "b"]
    log.close()


def picture(number: int) -> tuple[bytes, str]:
    data = number.to_bytes(4, "big") * 25
    return data, hashlib.sha256(data).hexdigest()


def test_the_sample_is_bounded_uniform_and_survives_restarts(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    made = [picture(number) for number in range(400)]
    for begin in (0, 200):
        sample = Reservoir(folder, count=20, size_bytes=10**6, keep_s=1e6)
        for data, digest in made[begin : begin + 200]:
            sample.offer(data, sha256=digest, suffix=".png")
    kept = {path.stem for path in folder.iterdir()}
    # Bottom-k: independent of order and of restarts.
    assert kept == set(sorted(digest for _, digest in made)[:20])
    early = sum(digest in kept for _, digest in made[:200])
    assert 3 <= early <= 17


def test_two_writers_keep_one_sample(tmp_path: Path) -> None:
    writers = [Reservoir(tmp_path, count=10, size_bytes=10**6, keep_s=1e6) for _ in range(2)]
    made = [picture(number) for number in range(100)]
    for number, (data, digest) in enumerate(made):
        writers[number % 2].offer(data, sha256=digest, suffix=".png")
    for writer in writers:
        writer.tidy()
    kept = {path.stem for path in tmp_path.iterdir()}
    assert kept == set(sorted(digest for _, digest in made)[:10])


def test_the_sample_has_a_size_and_an_age(tmp_path: Path) -> None:
    sample = Reservoir(tmp_path, count=1000, size_bytes=1000, keep_s=100)
    for number in range(50):
        data, digest = picture(number)
        sample.offer(data, sha256=digest, suffix=".png")
    files = list(tmp_path.iterdir())
    assert len(files) == len(sample) == 10
    for path in files[:4]:
        os.utime(path, (time.time() - 200,) * 2)
    sample.tidy()
    assert len(list(tmp_path.iterdir())) == 6
    assert not sample.offer(b"x" * 2000, sha256="0" * 64, suffix=".png")


def test_a_sample_that_is_switched_off_leaves_nothing_behind(tmp_path: Path) -> None:
    data, digest = picture(1)
    assert Reservoir(tmp_path, count=10, size_bytes=1000, keep_s=100).offer(
        data, sha256=digest, suffix=".png"
    )
    off = Reservoir(tmp_path, count=0, size_bytes=1000, keep_s=100)
    assert list(tmp_path.iterdir()) == []
    assert not off.offer(data, sha256=digest, suffix=".png")
    assert list(tmp_path.iterdir()) == []


def test_old_parts_go(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.write([row("old")])
    log.rotate()
    (part,) = tmp_path.glob("*/*.parquet")
    os.utime(part, (time.time() - 3 * 86_400,) * 2)
    parts = Parts(tmp_path)
    assert parts.remove_old(keep_days=4) == 0
    assert parts.remove_old(keep_days=2) == 1
    assert not part.parent.exists()


def test_a_dead_writers_part_is_as_old_as_its_last_record(tmp_path: Path) -> None:
    log = journal(tmp_path)
    log.write([row("before the power went")])
    log.abandon()
    (left,) = tmp_path.glob("journal/*")
    os.utime(left, (time.time() - 3 * 86_400,) * 2)
    assert recover(tmp_path) == 1
    assert Parts(tmp_path).remove_old(keep_days=4) == 0
    assert Parts(tmp_path).remove_old(keep_days=2) == 1


def test_a_busy_machine_measures_a_share(monkeypatch: pytest.MonkeyPatch) -> None:
    now, load = [1000.0], [100.0]
    monkeypatch.setattr("serving.gateway.reading.statistics_budget.time.monotonic", lambda: now[0])
    monkeypatch.setattr(
        "serving.gateway.reading.statistics_budget.psutil.cpu_percent", lambda interval: load[0]
    )
    budget = StatisticsBudget(0.1)

    def measured() -> int:
        count = 0
        for _ in range(1000):  # ten seconds, a picture each 10 ms, 5 ms to measure one
            now[0] += 0.01
            if budget.allows(behind_s=0.0):
                count += 1
                budget.spent(0.005)
        return count

    budget.look()
    assert measured() == pytest.approx(200 + 400, abs=5)  # a tenth of the time, and the burst
    load[0] = 20.0
    budget.look()
    assert measured() == 1000
    assert not budget.allows(behind_s=5.0)


def test_embeddings_keep_to_share_and_rate_and_give_up_on_failure() -> None:
    from components.common.errors import ServerError

    counts: Counter[str] = Counter()
    asked: list[str] = []

    def ask(model: str, version: int, picture: bytes) -> np.ndarray:
        asked.append(model)
        return np.ones(3, np.float32)

    every = Embeddings(ask, share=1.0, per_s=0.001, counts=counts)
    for number in range(10):
        every.offer(row(f"r{number}"), b"")
    done = every.finish(timeout_s=10)
    assert [one.request_id for one in done] == ["r0", "r1", "r2", "r3"]
    assert counts["embeddings_skipped"] == 6
    assert done[0].embedding is not None

    def fail(model: str, version: int, picture: bytes) -> np.ndarray:
        raise ServerError("no signature")

    counts.clear()
    broken = Embeddings(fail, share=1.0, per_s=100.0, counts=counts)
    broken.offer(row("a"), b"")
    while not counts["embeddings_failed"]:
        assert broken.completed() == []
    broken.offer(row("b"), b"")
    assert counts["embeddings_skipped"] == 1
    none = Embeddings(ask, share=0.0, per_s=100.0, counts=counts)
    none.offer(row("c"), b"")
    assert none.finish(timeout_s=1) == []
