"""Progress bars in the terminal for work that runs in this process."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from components.common.progress import Progress, listening


@contextlib.contextmanager
def bars(console: Console) -> Iterator[None]:
    """Show a bar for every activity reported inside the block, and when it should be done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    shown = _Bars(RichProgress(*columns, console=console))
    try:
        with listening(shown):
            yield
    finally:
        shown.stop()


class _Bars:
    def __init__(self, shown: RichProgress) -> None:
        self._shown = shown
        self._tasks: dict[str, TaskID] = {}

    def stop(self) -> None:
        if self._tasks:  # else it would leave an empty line
            self._shown.stop()

    def __call__(self, progress: Progress) -> None:
        self._shown.start()
        if progress.activity not in self._tasks:
            self._tasks[progress.activity] = self._shown.add_task(progress.activity)
        task = self._tasks[progress.activity]
        self._shown.update(task, completed=progress.done, total=progress.total or None)
