"""The loader's order of steps, without TensorFlow: versions are plain objects here."""

import threading
import time
from pathlib import Path

import pytest
from tensorflow_serving.config.file_system_storage_path_source_pb2 import (
    FileSystemStoragePathSourceConfig,
)

from serving.protocol.status import Code, StatusError
from serving.server.flags import Flags
from serving.server.graph.first_runs import FirstRuns
from serving.server.models.configuration import choose, discover
from serving.server.models.loader import ModelLoader
from serving.server.models.version_states import VersionState, VersionStates


class Version:
    """Stands for a loaded servable."""

    def __init__(self, version, events):
        self.version = version
        self._events = events

    def close(self):
        self._events.append(("close", self.version))


class Bench:
    """A loader whose loads can be made to fail or to wait."""

    def __init__(self, retries=0, interval=60.0):
        self.events = []
        self.broken = set()
        self.gate = threading.Event()
        self.gate.set()
        self.permits = None
        self.states = VersionStates()
        flags = Flags(max_num_load_retries=retries, load_retry_interval_micros=int(interval * 1e6))
        self.loader = ModelLoader("m", load=self._load, states=self.states, flags=flags)

    def _load(self, model, version, path):
        self.events.append(("load", version))
        assert self.gate.wait(60)
        assert self.permits is None or self.permits.acquire(timeout=60)
        if version in self.broken:
            raise StatusError(Code.DATA_LOSS, "broken")
        return Version(version, self.events)

    def aspire(self, *versions):
        self.loader.aspire({version: Path(str(version)) for version in versions})

    def wait_event(self, *event):
        end = time.monotonic() + 60
        while event not in self.events:
            assert time.monotonic() < end, self.events
            time.sleep(0.01)

    def wait(self, **wanted):
        names = {int(key[1:]): VersionState[value] for key, value in wanted.items()}

        def reached():
            return {one.version: one.state for one in self.states.of_model("m")} == names

        assert self.states.wait(reached, timeout=60), self.states.of_model("m")

    def record(self, version):
        return {one.version: one for one in self.states.of_model("m")}.get(version)

    def wait_state(self, version, state):
        def reached():
            record = self.record(version)
            return record is not None and record.state is state

        assert self.states.wait(reached, timeout=60)


@pytest.fixture
def bench():
    made = Bench()
    yield made
    made.gate.set()
    made.loader.stop()
    made.loader.join()


def test_the_new_version_comes_before_the_old_one_goes(bench):
    bench.aspire(1)
    bench.wait(v1="AVAILABLE")
    bench.aspire(2)
    bench.wait(v2="AVAILABLE", v1="END")
    assert bench.events == [("load", 1), ("load", 2), ("close", 1)]


def test_versions_that_come_faster_than_they_load_do_not_pile_up(bench):
    """Beside the one that loads stands the newest that is ready, and nothing else."""
    bench.permits = threading.Semaphore(0)
    bench.aspire(1)
    for version in range(1, 20):
        bench.wait_event("load", version)
        # While this one loads, the next is published already.
        bench.aspire(version + 1)
        bench.permits.release()
    bench.permits.release()
    bench.wait_state(20, VersionState.AVAILABLE)
    in_memory: set[int] = set()
    most = 0
    for name, version in bench.events:
        in_memory = in_memory | {version} if name == "load" else in_memory - {version}
        most = max(most, len(in_memory))
    assert most <= 3


def test_the_highest_version_is_loaded_first(bench):
    bench.aspire(3, 10, 7)
    bench.wait(v3="AVAILABLE", v7="AVAILABLE", v10="AVAILABLE")
    assert bench.events == [("load", 10), ("load", 7), ("load", 3)]


def test_a_broken_version_is_tried_again_only_after_it_was_away(bench):
    bench.broken = {2}
    bench.aspire(1)
    bench.wait(v1="AVAILABLE")
    bench.aspire(2)
    bench.wait(v2="END", v1="AVAILABLE")
    assert bench.record(2).code is Code.DATA_LOSS
    bench.broken = set()
    bench.aspire(1)
    bench.aspire(2)
    bench.wait(v2="AVAILABLE", v1="END")


def test_nothing_aspired_drops_everything(bench):
    bench.aspire(1, 2)
    bench.wait(v1="AVAILABLE", v2="AVAILABLE")
    bench.aspire()
    bench.wait(v1="END", v2="END")
    assert bench.loader.ready == {}
    assert not bench.loader.has_failed()


def test_retries_end_when_a_newer_version_appears():
    bench = Bench(retries=5, interval=600.0)
    bench.broken = {2}
    bench.aspire(2)
    bench.wait_event("load", 2)
    bench.aspire(3)
    bench.wait(v3="AVAILABLE", v2="END")
    assert bench.events.count(("load", 2)) == 1
    bench.loader.stop()
    bench.loader.join()


def test_retries_repeat_the_load():
    bench = Bench(retries=2, interval=0.01)
    bench.broken = {1}
    bench.aspire(1)
    bench.wait(v1="END")
    assert bench.events == [("load", 1)] * 3
    assert bench.loader.has_failed()
    bench.loader.stop()
    bench.loader.join()


def test_a_version_withdrawn_while_it_loads(bench):
    bench.aspire(1)
    bench.wait(v1="AVAILABLE")
    bench.gate.clear()
    bench.aspire(2)
    bench.wait_event("load", 2)
    bench.aspire(1)
    bench.gate.set()
    bench.wait(v1="AVAILABLE", v2="END")
    assert list(bench.loader.ready) == [1]


def test_versions_on_disk(tmp_path):
    for name in ("1", "007", "10", "2.partial", "-3", "v4", ".5", str(2**63)):
        (tmp_path / name).mkdir()
    (tmp_path / "6").write_text("a file")
    found = discover(tmp_path)
    assert sorted(found) == [1, 7, 10]
    assert found[7].name == "007"
    with pytest.raises(OSError):
        discover(tmp_path / "absent")


def test_policies():
    found = {number: Path(str(number)) for number in (1, 2, 3, 10)}
    policy = FileSystemStoragePathSourceConfig.ServableVersionPolicy
    latest, specific = policy(), policy()
    assert set(choose(found, latest)) == {10}
    latest.latest.num_versions = 2
    assert set(choose(found, latest)) == {10, 3}
    everything = policy()
    everything.all.SetInParent()
    assert set(choose(found, everything)) == {1, 2, 3, 10}
    specific.specific.versions.extend([2, 9])
    assert set(choose(found, specific)) == {2}


def test_first_runs_go_alone_and_later_ones_together():
    runs = FirstRuns()
    inside = []
    most = []
    together = threading.Barrier(8)

    def first():
        with runs.turn("kind", 0):
            inside.append(1)
            most.append(len(inside))
            inside.pop()

    def later():
        with runs.turn("kind", 0):
            together.wait(60)

    def crowd(run):
        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        while threads:
            threads.pop().join()

    with runs.turn("kind", 0):
        waiting = threading.Thread(target=first)
        waiting.start()
        waiting.join(0.2)
        assert most == []
    waiting.join()
    assert most == [1]
    crowd(later)
    assert not together.broken


def test_a_first_run_without_end_does_not_hold_up_others():
    runs = FirstRuns()
    passed = threading.Event()

    def other():
        with runs.turn("kind", 100):
            passed.set()

    with runs.turn("kind", 0):
        thread = threading.Thread(target=other)
        thread.start()
        assert passed.wait(60)
    thread.join()
