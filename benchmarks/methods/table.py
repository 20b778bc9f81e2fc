"""One row a target: what was to be reached, what was, and by which command."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.table import Table

ANSWERS = Path("benchmarks/answers/methods")
HEADER = ("what", "goal", "figure", "95 % interval", "draws", "")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A figure beside its goal.

    method: file name under `components/train/methods`.
    what: what was measured, on which data.
    value, low, high: the figure and its 95 % interval; all equal where there is none.
    goal: None for an arm that is there to compare with.
    better: whether more or less is.
    unit: of all four; "points" are percentage points.
    seeds: how many draws or trainings the figure is a mean of.
    command: what prints it.
    note: why a goal is missed, and what was tried.
    """

    method: str
    what: str
    value: float
    low: float
    high: float
    seeds: int
    command: str
    goal: float | None = None
    better: Literal["higher", "lower"] = "higher"
    unit: str = "points"
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure reaches the goal; None without one."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal


def keep(method: str, rows: Sequence[Row]) -> Path:
    """Write a method's rows where `kept` finds them, and return the file."""
    ANSWERS.mkdir(parents=True, exist_ok=True)
    path = ANSWERS / f"{method}.json"
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return path


def kept(method: str) -> tuple[Row, ...]:
    """Return the rows that were kept of a method, () without any."""
    path = ANSWERS / f"{method}.json"
    return tuple(Row(**row) for row in json.loads(path.read_text())) if path.exists() else ()


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text, one cell a column of HEADER."""
    met = {None: "", True: "met", False: "**missed**"}[row.met]
    at = "" if row.goal is None else f"{'≥' if row.better == 'higher' else '≤'} {row.goal:g}"
    between = "" if row.low == row.high else f"{row.low:.1f} to {row.high:.1f}"
    figure = f"{row.value:.1f}" if row.unit == "points" else f"{row.value:.3g} {row.unit}"
    return row.what, at, figure, between, str(row.seeds), met


def printed(method: str, rows: Sequence[Row]) -> Table:
    """Return the rows as a table for the terminal."""
    table = Table(*HEADER, title=method, title_justify="left")
    for row in rows:
        table.add_row(*(cell.replace("**", "") for cell in cells(row)))
    return table
