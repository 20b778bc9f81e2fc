from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.whole_run import Timed, table, timed_run
from components.common.artifacts.run_summary import RunSummary
from components.common.step_record import StepRecord


def timed(whole_s: float, **seconds: float) -> Timed:
    steps = tuple(
        StepRecord(
            step=name, state="done", started_unix_s=0.0, seconds=lasted, peak_memory_bytes=2**30
        )
        for name, lasted in seconds.items()
    )
    summary = RunSummary(run_id="r", state="done", error="", steps=steps)
    return Timed(started_unix_s=-3.0, whole_s=whole_s, summary=summary)


def test_what_is_not_in_a_step_lies_between_them() -> None:
    first, second = timed(20.0, train=12.0, gate=0.0, deploy=3.0), timed(6.0, train=1.0, gate=0.5)
    console = Console(width=120, record=True)
    with console.capture() as capture:
        console.print(table(first, second))
    rows = [line.split("│")[1:-1] for line in capture.get().splitlines() if "│" in line]
    cells = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert cells["deploy"] == ["3.0", "", "1.0"]
    assert cells["between the steps"] == ["5.0", "4.5", ""]
    assert cells["until the verdict"] == ["3.0", "3.5", ""]
    assert cells["whole command"] == ["20.0", "6.0", ""]


def test_a_run_that_fails_is_no_time(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="expected the run to end well"):
        timed_run(["--data", str(tmp_path / "nowhere")], tmp_path)
