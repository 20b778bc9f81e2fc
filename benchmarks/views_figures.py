"""The table of `benchmarks.views`: quality, paired difference, cost, and who is on the front."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from benchmarks.gap import Gap
from benchmarks.quality_figures import mean_over_splits
from components.common.statistics.figures import LABELS, Scored
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats

NAMES = ("accuracy", "balanced_accuracy", "roc_auc")
_COMPARED = ("accuracy", "roc_auc")


@dataclass(frozen=True, kw_only=True)
class Served:
    """One way to train and to ask, on one network.

    network: name and pictures' size.
    trained, views: see `benchmarks.views.TRAINED`; views an answer is averaged over.
    splits: what it answered, once a fold and seed.
    groups: of the pictures of all splits, in that order.
    cost_ms: of an answer.
    """

    network: str
    trained: str
    views: int
    splits: tuple[Scored, ...]
    groups: tuple[str, ...]
    cost_ms: float

    def value(self, name: str) -> float:
        """Return a figure, the mean over the splits."""
        return float(mean_over_splits(self.splits, name, np.ones((1, len(self.groups))))[0, 0])

    def __str__(self) -> str:
        figures = ", ".join(f"{LABELS[name]} {self.value(name):.3f}" for name in NAMES)
        return f"{self.network}, trained on {self.trained}, {self.views} views: {figures}"


def gap(one: Served, other: Served, name: str) -> Gap:
    """Return how much better the first is on the same pictures, from leaving out whole groups."""

    def difference(weights: Floats) -> Floats:
        mine, theirs = (mean_over_splits(row.splits, name, weights) for row in (one, other))
        return 100 * (mine - theirs)

    targets = np.concatenate([split.targets for split in one.splits])
    return Gap.of(jackknife(difference, one.groups, targets))


def on_the_front(rows: Sequence[Served]) -> list[bool]:
    """Say of each row whether none is better in ROC-AUC for no more, or as good for less."""
    found = [(row.cost_ms, row.value("roc_auc")) for row in rows]
    return [
        not any(
            (cost <= mine[0] and quality > mine[1]) or (cost < mine[0] and quality >= mine[1])
            for cost, quality in found
        )
        for mine in found
    ]


def table(title: str, rows: Sequence[Served], *, reference: tuple[str, int]) -> Table:
    """Draw the rows, each compared with the reference (trained, views) on the same network."""
    drawn = Table(title=title)
    shown = [LABELS[name] for name in NAMES]
    against = [f"{LABELS[name]} - today's, points" for name in _COMPARED]
    for column in ("network", "trained on", "views", *shown, *against, "ms", "front"):
        drawn.add_column(column)
    todays = {row.network: row for row in rows if (row.trained, row.views) == reference}
    for row, front in zip(rows, on_the_front(rows), strict=True):
        cells = [f"{row.value(name):.3f}" for name in NAMES]
        other = todays[row.network]
        cells += ["-" if row is other else str(gap(row, other, name)) for name in _COMPARED]
        cost = f"{row.cost_ms:.1f}"
        drawn.add_row(row.network, row.trained, str(row.views), *cells, cost, "x" if front else "")
    return drawn
