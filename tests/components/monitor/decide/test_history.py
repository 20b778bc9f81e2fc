import subprocess
import sys
import time
from pathlib import Path

import pytest
from decision_lines import looks

from components.common.errors import GraftError
from components.monitor.decide.history import Claim, DecisionHistory, HistoryEntry

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
    time.sleep(1.0)
    start.touch()
    said = [monitor.communicate(timeout=60)[0] for monitor in monitors]
    assert sorted(said) == ["mine"] + ["other"] * 5
    entries = looks(tmp_path)
    assert len(entries) == 6
    late = Claim(key="v1-loss", run_id="late", time_unix_s=2.0)
    owner = DecisionHistory(tmp_path).claim("runs", late).run_id
    assert [one["run_id"] for one in entries if one["word"] == "retrain"] == [owner]
    assert not list((tmp_path / "decisions" / "runs").glob(".*"))


def test_a_retried_step_finds_its_own_claim(tmp_path: Path) -> None:
    history = DecisionHistory(tmp_path)
    mine = Claim(key="k", run_id="a", time_unix_s=1.0)
    other = Claim(key="k", run_id="b", time_unix_s=2.0)
    assert history.claim("runs", mine) == mine
    assert history.claim("runs", mine) == mine
    assert history.claim("runs", other) == mine
    assert history.claim("asked", other) == other
    assert history.runs_unix_s() == (1.0,)
    assert history.runs_unix_s(except_run="a") == ()


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
