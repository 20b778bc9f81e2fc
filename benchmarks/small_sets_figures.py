"""Tables of `benchmarks.small_sets`: means over seeds, and paired differences by group."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
from rich.table import Table

from benchmarks.gap import Gap
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats


@dataclass(frozen=True)
class Answered:
    """What one method answered about all pictures of a set.

    answers: one row a picture: path, group, target, z_<class> (logits), seconds, folds.
    """

    set_name: str
    method: str
    seed: int
    answers: pd.DataFrame

    def right(self) -> pd.Series:
        """Return 1.0 for each picture that was answered correctly, by path, sorted."""
        logits = self.answers.filter(regex="^z_").to_numpy()
        hits = (logits.argmax(axis=1) == self.answers["target"]).astype(float)
        return pd.Series(hits.to_numpy(), index=self.answers["path"]).sort_index()

    def seconds(self) -> float:
        """Return the median processor time of a fold's fit."""
        return float(self.answers["seconds"].median())

    def __str__(self) -> str:
        figures = f"{self.right().mean():.3f}, {self.seconds():.0f} processor s a fit"
        return f"{self.set_name} {self.method} seed {self.seed}: {figures}"


def difference(mine: list[Answered], theirs: list[Answered]) -> Gap:
    """Return how many points of accuracy `mine` is better, paired by picture and seed.

    The mean over seeds of each picture's difference; whole groups are left out for the error.
    """
    gaps = pd.concat(
        [one.right() - other.right() for one, other in zip(mine, theirs, strict=True)], axis=1
    ).mean(axis=1)
    return _compared(gaps, mine[0].answers)


def _compared(values: pd.Series, answers: pd.DataFrame) -> Gap:
    known = answers.set_index("path").loc[values.index]
    points = 100 * values.to_numpy()

    def mean(weights: Floats) -> Floats:
        means: Floats = (weights @ points / weights.sum(axis=1))[:, None]
        return means

    groups = known["group"].astype(str).tolist()
    return Gap.of(jackknife(mean, groups, known["target"].to_numpy()))


def figures_table(rows: list[Answered]) -> Table:
    """Return the mean accuracy over the seeds with its interval, a line a set and method."""
    drawn = Table(title="accuracy, mean over seeds (95 % interval by group)")
    for column in ("set", "method", "seeds", "accuracy", "processor s a fit"):
        drawn.add_column(column)

    def add(mine: list[Answered]) -> None:
        values = pd.concat([one.right() for one in mine], axis=1).mean(axis=1)
        found = _compared(values, mine[0].answers)
        text = f"{found.points:.1f} ({found.low:.1f} - {min(100.0, found.high):.1f})"
        seconds = statistics.median(one.seconds() for one in mine)
        first = mine[0]
        drawn.add_row(first.set_name, first.method, str(len(mine)), text, f"{seconds:.1f}")

    _each(rows, add)
    return drawn


def difference_table(rows: list[Answered], *, reference: str) -> Table:
    """Return each method's paired difference to one method, in points, over shared seeds."""
    drawn = Table(title=f"paired difference to {reference}, points of accuracy (95 % interval)")
    for column in ("set", "method", "seeds", "difference"):
        drawn.add_column(column)

    def add(mine: list[Answered]) -> None:
        first = mine[0]
        theirs = {
            row.seed: row
            for row in rows
            if (row.set_name, row.method) == (first.set_name, reference)
        }
        shared = [row for row in mine if row.seed in theirs]
        if first.method != reference and shared:
            found = difference(shared, [theirs[row.seed] for row in shared])
            drawn.add_row(first.set_name, first.method, str(len(shared)), str(found))

    _each(rows, add)
    return drawn


def _each(rows: list[Answered], add: Callable[[list[Answered]], None]) -> None:
    for name, method in sorted({(row.set_name, row.method) for row in rows}):
        add([row for row in rows if (row.set_name, row.method) == (name, method)])
