"""Tables of `benchmarks.quality`: means over splits, and intervals that respect the modules."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.table import Table

from components.common.statistics.figures import FIGURES, LABELS, Scored
from components.common.statistics.intervals import level_interval
from components.common.statistics.jackknife import Jackknifed, jackknife
from components.common.statistics.weighted import Floats, mean_defined

NAMES = ("accuracy", "balanced_accuracy", "f1", "roc_auc")
Pair = tuple[pd.DataFrame, pd.DataFrame]
# Test to training pictures of the random protocol.
_RATIO = 0.25 / 0.75


@dataclass(frozen=True)
class Row:
    """One fitted network's answers: columns path, group, defective, margin, seconds."""

    protocol: str
    method: str
    seed: int
    answers: pd.DataFrame

    def __str__(self) -> str:
        figures = ", ".join(f"{LABELS[name]} {value(self.answers, name):.3f}" for name in NAMES)
        return f"{self.method}: {figures}, {self.answers['seconds'].iloc[0]:.0f} s"


def value(answers: pd.DataFrame, name: str) -> float:
    """Return one figure, decided at probability one half, of the defective class."""
    return float(FIGURES[name](_scored(answers), np.ones((1, len(answers))))[0])


def _scored(answers: pd.DataFrame) -> Scored:
    margin = answers["margin"].to_numpy(dtype=np.float64)
    return Scored(
        answers["defective"].to_numpy(dtype=np.int64),
        (margin > 0).astype(np.int64),
        np.stack([-margin, margin], axis=1),
        positive=1,
    )


def figures_table(rows: list[Row]) -> Table:
    """Return the mean over splits with its 95 % interval, a line a protocol and method.

    Random: corrected resampled t interval (Nadeau and Bengio 2003), since the splits overlap.
    Grouped: leaving out one module after the other, with all its folds and seeds.
    """
    drawn = Table(title="demo data, label rule p > 0.5: mean over splits (95 % interval)")
    for column in ("protocol", "method", "splits", *(LABELS[name] for name in NAMES), "s a split"):
        drawn.add_column(column)
    for protocol, method in dict.fromkeys((row.protocol, row.method) for row in rows):
        mine = [row for row in rows if (row.protocol, row.method) == (protocol, method)]
        seconds = statistics.median(row.answers["seconds"].iloc[0] for row in mine)
        cells = [_cell(protocol, [row.answers for row in mine], name) for name in NAMES]
        drawn.add_row(protocol, method, str(len(mine)), *cells, f"{seconds:.0f}")
    return drawn


def _cell(protocol: str, answers: list[pd.DataFrame], name: str) -> str:
    values = [value(one, name) for one in answers]
    text = f"{statistics.mean(values):.3f}"
    if protocol == "random":
        return text + (f" ± {_corrected(values):.3f}" if len(values) > 1 else "")
    low, high = _over_modules(answers, name)
    return f"{text} ({low:.3f} - {high:.3f})"


def _corrected(values: list[float]) -> float:
    from scipy.stats import t

    count = len(values)
    error = (statistics.variance(values) * (1 / count + _RATIO)) ** 0.5
    return float(t.ppf(0.975, count - 1) * error)


def difference_table(rows: list[Row], *, reference: str) -> Table:
    """Return each method's paired difference to one method, in points, over shared splits.

    With 95 % intervals as in `figures_table`.
    """
    drawn = Table(title=f"paired difference to {reference}, points (95 % interval)")
    for column in ("protocol", "method", "splits", "accuracy", "ROC-AUC"):
        drawn.add_column(column)
    keys: dict[tuple[str, str], list[Row]] = {(row.protocol, row.method): [] for row in rows}
    for row in rows:
        keys[row.protocol, row.method].append(row)
    for (protocol, method), mine in keys.items():
        theirs = keys.get((protocol, reference), [])
        if method == reference or len(theirs) != len(mine):
            continue
        pairs = [_paired(one, other) for one, other in zip(mine, theirs, strict=True)]
        cells = [_gap(protocol, pairs, name) for name in ("accuracy", "roc_auc")]
        drawn.add_row(protocol, method, str(len(mine)), *cells)
    return drawn


def _paired(one: Row, other: Row) -> Pair:
    mine, theirs = (row.answers.set_index("path").sort_index() for row in (one, other))
    return mine, theirs.loc[mine.index]


def _gap(protocol: str, pairs: list[Pair], name: str) -> str:
    gaps = [100 * (value(mine, name) - value(theirs, name)) for mine, theirs in pairs]
    mean = statistics.mean(gaps)
    if protocol == "random":
        return f"{mean:+.1f}" + (f" ± {_corrected(gaps):.1f}" if len(gaps) > 1 else "")
    mine, theirs = (list(side) for side in zip(*pairs, strict=True))

    ours, others = [_scored(one) for one in mine], [_scored(one) for one in theirs]

    def gap(weights: Floats) -> Floats:
        return mean_over_splits(ours, name, weights) - mean_over_splits(others, name, weights)

    found = _without_modules(gap, mine)
    reach = 100 * float(found.reach[0])
    return f"{mean:+.1f} ({mean - reach:+.1f} to {mean + reach:+.1f})"


def _over_modules(answers: list[pd.DataFrame], name: str) -> tuple[float, float]:
    """Return the interval of the mean over splits of a figure, for other modules."""
    scored = [_scored(one) for one in answers]
    found = _without_modules(lambda weights: mean_over_splits(scored, name, weights), answers)
    return level_interval(
        found.values[0],
        found.errors[0],
        degrees=found.degrees,
        independent=found.degrees + 1,
    )


def mean_over_splits(splits: Sequence[Scored], name: str, weights: Floats) -> Floats:
    """Return [B, 1], the mean of a figure over splits, for weights [B, pictures of all splits]."""
    ends = np.cumsum([len(one.targets) for one in splits])[:-1]
    parts = zip(splits, np.split(weights, ends, axis=1), strict=True)
    values = np.stack([FIGURES[name](one, part) for one, part in parts], axis=1)
    return mean_defined(values)[:, None]


def _without_modules(
    statistic: Callable[[Floats], Floats], answers: list[pd.DataFrame]
) -> Jackknifed:
    every = pd.concat(answers)
    return jackknife(statistic, every["group"].tolist(), every["defective"].to_numpy())
