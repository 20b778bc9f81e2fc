import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import pytest
from decision_lines import looks

from components.common.artifacts.monitoring.claims import Claim, settle
from components.common.artifacts.records import read_record
from components.common.errors import GraftError
from components.monitor.decide.history import MOST_ATTEMPTS, DecisionHistory, HistoryEntry, Kind
from components.monitor.detect.answer_ranks import LookEvidence

MONITOR = Path(__file__).with_name("claim_and_say.py")


def entry(run_id: str = "run-1", word: str = "keep") -> HistoryEntry:
    return HistoryEntry(
        time_unix_s=1.0,
        run_id=run_id,
        version=1,
        word=word,
        reasons=("So.",),
        key="",  # type: ignore[arg-type]
    )


def append(history: DecisionHistory, run_id: str) -> None:
    with history.deciding():
        history.append(entry(run_id))


def test_looks_are_read_in_the_order_they_were_added(tmp_path: Path) -> None:
    history = DecisionHistory(tmp_path)
    for name in ("a", "b", "c"):
        append(history, name)
    assert [one["run_id"] for one in looks(tmp_path)] == ["a", "b", "c"]


def test_a_line_cut_short_by_a_crash_loses_only_itself(tmp_path: Path) -> None:
    history = DecisionHistory(tmp_path)
    append(history, "a")
    path = tmp_path / "decisions" / "decisions.jsonl"
    path.write_bytes(path.read_bytes() + b'{"time_unix_s": 2.0, "wo')
    append(history, "b")
    assert [one["run_id"] for one in looks(tmp_path)] == ["a", "b"]


@pytest.mark.slow
def test_two_triggers_at_once_start_one_run(tmp_path: Path) -> None:
    start = tmp_path / "start"
    monitors = [
        subprocess.Popen(
            [sys.executable, str(MONITOR), str(tmp_path), "v1-loss", f"run-{number}", str(start)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    while len(list(tmp_path.glob("*.waits"))) < len(monitors):
        assert all(monitor.poll() is None for monitor in monitors)
        time.sleep(0.01)
    start.touch()
    said = [monitor.communicate(timeout=60)[0] for monitor in monitors]
    assert sorted(said) == ["mine"] + ["other"] * 5
    entries = looks(tmp_path)
    assert len(entries) == 6
    late = Claim(key="v1-loss", run_id="late", time_unix_s=2.0)
    owner = DecisionHistory(tmp_path).claim("runs", late, run_lease_s=60.0).run_id
    assert [one["run_id"] for one in entries if one["word"] == "retrain"] == [owner]
    assert not list((tmp_path / "decisions" / "runs").glob(".*"))


HOUR_S = 3600.0


def claimed(home: Path, kind: Kind, run_id: str, hour: float) -> str:
    """Let a run claim the one key; return who has it then."""
    mine = Claim(key="k", run_id=run_id, time_unix_s=hour * HOUR_S)
    return DecisionHistory(home).claim(kind, mine, run_lease_s=24 * HOUR_S).run_id


def ended(home: Path, kind: Kind, run_id: str, *, done: bool) -> None:
    settle(DecisionHistory(home).claim_path(kind, "k"), run_id, done=done)


def started(home: Path, hour: float, *, except_run: str = "") -> tuple[float, ...]:
    return DecisionHistory(home).runs_unix_s(
        now_unix_s=hour * HOUR_S, lease_s=24 * HOUR_S, except_run=except_run
    )


def test_a_retried_step_finds_its_own_claim(tmp_path: Path) -> None:
    assert claimed(tmp_path, "runs", "a", 1) == claimed(tmp_path, "runs", "a", 1) == "a"
    assert claimed(tmp_path, "runs", "b", 2) == "a"
    assert claimed(tmp_path, "asked", "b", 2) == "b"
    assert started(tmp_path, 2) == (HOUR_S,)
    assert started(tmp_path, 2, except_run="a") == ()


def test_what_was_not_delivered_is_left_to_a_later_look_and_then_said_once(tmp_path: Path) -> None:
    assert claimed(tmp_path, "asked", "lost", 0.0) == "lost"
    # At most one message an hour while nobody confirms.
    assert claimed(tmp_path, "asked", "soon", 0.9) == "lost"
    assert claimed(tmp_path, "asked", "later", 1.0) == "later"
    ended(tmp_path, "asked", "lost", done=True)  # too late: the claim is another's
    ended(tmp_path, "asked", "later", done=True)
    assert claimed(tmp_path, "asked", "next", 50.0) == "later"


def test_a_training_that_failed_is_tried_again_and_is_no_run_of_the_week(tmp_path: Path) -> None:
    for attempt in range(MOST_ATTEMPTS):
        assert claimed(tmp_path, "runs", f"run-{attempt}", attempt) == f"run-{attempt}"
        ended(tmp_path, "runs", f"run-{attempt}", done=False)
        assert started(tmp_path, attempt + 1) == ()
    assert claimed(tmp_path, "runs", "one-more", 9.0) == f"run-{MOST_ATTEMPTS - 1}"


def test_a_training_that_was_killed_holds_its_lease_and_no_longer(tmp_path: Path) -> None:
    assert claimed(tmp_path, "runs", "killed", 0.0) == "killed"
    assert claimed(tmp_path, "runs", "b", 23.0) == "killed"
    assert started(tmp_path, 23.0) == (0.0,)
    assert started(tmp_path, 24.0) == ()
    assert claimed(tmp_path, "runs", "b", 24.0) == "b"


def test_a_training_that_ended_well_stays_done(tmp_path: Path) -> None:
    claimed(tmp_path, "runs", "a", 0.0)
    ended(tmp_path, "runs", "a", done=True)
    ended(tmp_path, "runs", "a", done=False)
    assert read_record(DecisionHistory(tmp_path).claim_path("runs", "k"), Claim).state == "done"
    assert claimed(tmp_path, "runs", "b", 100.0) == "a"
    assert started(tmp_path, 100.0) == (0.0,)


def evidence(since: float, until: float) -> LookEvidence:
    return LookEvidence(since_unix_s=since, until_unix_s=until, groups=3, rises=(1.0, 2.0))


def test_looks_at_one_version_are_summed_each_picture_once(tmp_path: Path) -> None:
    history = DecisionHistory(tmp_path)
    assert history.evidence(1) == ()
    added = [
        (entry("a"), evidence(0.0, 10.0)),
        (entry("b"), evidence(0.0, 10.0)),  # another monitor that looked at the same time
        (dataclasses.replace(entry("c"), version=2), evidence(10.0, 15.0)),
        (entry("d"), None),
        (entry("e"), evidence(10.0, 20.0)),
    ]
    for look, seen in added:
        with history.deciding():
            history.append(dataclasses.replace(look, evidence=seen))
    path = tmp_path / "decisions" / "decisions.jsonl"
    path.write_bytes(path.read_bytes() + b'{"time_unix_s": 2.0, "wo')
    assert history.evidence(1) == (evidence(0.0, 10.0), evidence(10.0, 20.0))
    assert history.evidence(1, except_run="e") == (evidence(0.0, 10.0),)
    assert history.evidence(2) == (evidence(10.0, 15.0),)


def test_a_monitor_that_decides_holds_off_the_others(tmp_path: Path) -> None:
    with (
        DecisionHistory(tmp_path).deciding(),
        pytest.raises(GraftError, match="another monitor"),
        DecisionHistory(tmp_path).deciding(timeout_s=0.2),
    ):
        pass
    with DecisionHistory(tmp_path).deciding(timeout_s=0.2):
        pass


def test_a_folder_that_cannot_be_written_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "decisions").write_text("in the way")
    with (
        pytest.raises(GraftError, match=r"expected to write below .*decisions"),
        DecisionHistory(tmp_path).deciding(),
    ):
        pass
