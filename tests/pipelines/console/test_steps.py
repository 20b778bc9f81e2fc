"""The live lists of steps: redrawn in a terminal, one line a change elsewhere."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from components.common.progress import Progress
from components.common.step_record import StepRecord
from pipelines.cluster.runs.client import Run
from pipelines.cluster.runs.show import ClusterStepList
from pipelines.cluster.runs.tasks import RunTask
from pipelines.console.steps import StepList
from pipelines.local.records import Snapshot

CURSOR_OFF, CURSOR_ON = "\x1b[?25l", "\x1b[?25h"


def show_here(console: Console) -> None:
    """Show a step that runs, and twice that it is done."""
    steps = StepList(console)
    with steps.redrawn():
        for state in ("running", "done", "done"):
            record = StepRecord(step="ingest", state=state, started_unix_s=1.0, seconds=4.0)
            steps(Snapshot(records=(record,), progress=None, order=("ingest",)))


def show_on_a_cluster(console: Console) -> None:
    """Show the same of a run on a cluster."""
    steps = ClusterStepList(console)
    with steps.redrawn():
        for state in ("RUNNING", "SUCCEEDED", "SUCCEEDED"):
            steps(
                Run(
                    run_id="1", name="run", state=state, created=None, seconds=4.0,
                    pipeline_id="", version_id="", recurring_run_id="", error="", parameters={},
                    tasks=(RunTask(name="ingest", state=state, seconds=4.0),),
                )
            )  # fmt: skip


@pytest.mark.parametrize("show", [show_here, show_on_a_cluster])
def test_a_terminal_is_redrawn_and_gets_its_cursor_back(
    show: Callable[[Console], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = io.StringIO()
    show(Console(file=out, force_terminal=True, width=80))
    assert "ingest" in out.getvalue()
    assert out.getvalue().index(CURSOR_OFF) < out.getvalue().rindex(CURSOR_ON)


@pytest.mark.parametrize(
    ("show", "words"),
    [(show_here, ["done"]), (show_on_a_cluster, ["running", "succeeded"])],
)
def test_elsewhere_each_change_is_one_line(
    show: Callable[[Console], None], words: list[str]
) -> None:
    out = io.StringIO()
    show(Console(file=out, force_terminal=False, width=80))
    assert [line.split()[0] for line in out.getvalue().splitlines()] == words
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [(3, 5, "fitting 3/5"), (3, 0, "fitting 3"), (0, 0, "fitting")],
)
def test_a_loop_of_unknown_length_says_no_total(
    done: int, total: int, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.console.steps._PLAIN_INTERVAL_S", -1.0)
    out = io.StringIO()
    steps = StepList(Console(file=out, width=80))
    with steps.redrawn():
        steps(Snapshot(records=(), progress=Progress("fitting", done, total), order=()))
    assert out.getvalue().split("\n")[0].strip() == shown
