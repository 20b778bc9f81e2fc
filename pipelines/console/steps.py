"""The live step list: what is done, what runs and how far, what waits."""

import time
from contextlib import AbstractContextManager, nullcontext

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from components.common.step_record import StepRecord
from pipelines.local.records import Snapshot

_MARKS = {
    "done": Text("✔", style="green"),
    "reused": Text("↺", style="cyan"),
    "failed": Text("✘", style="bold red"),
}
_PLAIN_INTERVAL_S = 15.0


class StepList:
    """Shows snapshots: redrawn in a terminal, one line a change elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=8, transient=False)
        self._spinner = Spinner("dots", style="yellow")
        self._shown: dict[str, str] = {}
        self._last_line = 0.0

    def redrawn(self) -> AbstractContextManager[object]:
        """Redraw while the block runs, if this is a terminal."""
        return self._live if self._console.is_terminal else nullcontext()

    def __call__(self, snapshot: Snapshot) -> None:
        """Show the newest state."""
        if self._console.is_terminal:
            self._live.update(self._draw(snapshot))
        else:
            self._print_changes(snapshot)

    def _draw(self, snapshot: Snapshot) -> Group:
        table = Table.grid(padding=(0, 1))
        for step in snapshot.order:
            records = snapshot.records_of(step)
            if not records:
                table.add_row(Text("·", style="dim"), Text(step, style="dim"), "", "")
            for record in records:
                self._add_row(table, record, snapshot)
        return Group(table)

    def _add_row(self, table: Table, record: StepRecord, snapshot: Snapshot) -> None:
        name = record.step.replace("@", " ")
        if record.state == "running":
            elapsed = f"{time.time() - record.started_unix_s:5.1f} s"
            table.add_row(self._spinner, Text(name, style="bold"), elapsed, self._bar(snapshot))
        else:
            table.add_row(_MARKS[record.state], name, f"{record.seconds:5.1f} s", _note(record))

    def _bar(self, snapshot: Snapshot) -> Table:
        row = Table.grid(padding=(0, 1))
        progress = snapshot.progress
        if progress is None:
            return row
        if progress.total:
            bar = ProgressBar(total=progress.total, completed=progress.done, width=28)
            row.add_row(bar, f"{progress.activity} {progress.done}/{progress.total}")
        else:
            row.add_row(progress.activity)
        return row

    def _print_changes(self, snapshot: Snapshot) -> None:
        for record in snapshot.records:
            if self._shown.get(record.step) != record.state:
                self._shown[record.step] = record.state
                if record.state != "running":
                    seconds = f"{record.seconds:6.1f} s"
                    self._console.print(
                        f"{record.state:<7} {record.step.replace('@', ' '):<9} {seconds} ", end=""
                    )
                    self._console.print(_note(record))
                self._last_line = time.monotonic()
        progress = snapshot.progress
        due = time.monotonic() - self._last_line > _PLAIN_INTERVAL_S
        if progress is not None and due:
            self._last_line = time.monotonic()
            count = f" {progress.done}/{progress.total}" if progress.total else ""
            self._console.print(f"        {progress.activity}{count}", style="dim")


def _note(record: StepRecord) -> Text:
    if record.state == "reused":
        return Text("unchanged since an earlier run: taken from the cache", style="cyan")
    if record.state == "failed":
        return Text("see below", style="red")  # the command ends with the step's own words
    return Text(record.result, style="bold" if record.result else "")
