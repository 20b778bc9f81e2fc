"""The steps of a run on a cluster: redrawn in a terminal, one line a change elsewhere."""

from contextlib import AbstractContextManager, nullcontext

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from pipelines.cluster.runs.client import Run
from pipelines.cluster.runs.tasks import RunTask

_STYLES = {
    "SUCCEEDED": "green",
    "REUSED": "cyan",
    "FAILED": "bold red",
    "CANCELED": "yellow",
    "RUNNING": "bold",
}


class ClusterStepList:
    """Shows a run each time it is called with one."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=False)
        self._shown: dict[str, str] = {}

    def redrawn(self) -> AbstractContextManager[object]:
        """Redraw while the block runs, if this is a terminal."""
        return self._live if self._console.is_terminal else nullcontext()

    def __call__(self, run: Run) -> None:
        """Show the newest state."""
        if self._console.is_terminal:
            self._live.update(step_table(run), refresh=True)
            return
        for task in run.tasks:
            if self._shown.get(task.name) != task.state:
                self._shown[task.name] = task.state
                self._console.print(_line(task))


def step_table(run: Run) -> Table:
    """Return the tasks of a run as a table."""
    table = Table.grid(padding=(0, 2))
    for task in run.tasks:
        table.add_row(escape(task.name), _word(task), f"{task.seconds:7.0f} s", escape(task.error))
    return table


def _line(task: RunTask) -> str:
    return f"{_word(task)} {escape(task.name)} {task.seconds:.0f} s {escape(task.error)}".rstrip()


def _word(task: RunTask) -> str:
    style = _STYLES.get(task.state, "dim")
    return f"[{style}]{task.state.lower():<9}[/]"
