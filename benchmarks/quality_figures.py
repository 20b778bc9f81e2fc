"""Tables of `benchmarks.quality`: means over splits, and intervals that respect the modules."""

import statistics
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.table import Table

from components.common.statistics.figures import FIGURES, LABELS, Scored
from components.common.statistics.intervals import level_interval
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats, mean_defined

NAMES = ("accuracy", "balanced_accuracy", "f1", "roc_auc")
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
    """Return each method's paired difference to one method, in points, over shared splits."""
    drawn = Table(title=f"paired difference to {reference}, points")
    for column in ("protocol", "method", "accuracy", "ROC-AUC"):
        drawn.add_column(column)
    keys: dict[tuple[str, str], list[Row]] = {(row.protocol, row.method): [] for row in rows}
    for row in rows:
        keys[row.protocol, row.method].append(row)
    for (protocol, method), mine in keys.items():
        theirs = keys.get((protocol, reference), [])
        if method == reference or len(theirs) != len(mine):
            continue
        cells = []
        for name in ("accuracy", "roc_auc"):
            gaps = [
                100 * (value(a.answers, name) - value(b.answers, name))
                for a, b in zip(mine, theirs, strict=True)
            ]
            error = statistics.stdev(gaps) if len(gaps) > 1 else 0.0
            cells.append(f"{statistics.mean(gaps):+.1f} ± {error:.1f} (sd)")
        drawn.add_row(protocol, method, *cells)
    return drawn


def _over_modules(answers: list[pd.DataFrame], name: str) -> tuple[float, float]:
    """Return the interval of the mean over splits of a figure, for other modules."""
    scored = [_scored(one) for one in answers]
    ends = np.cumsum([len(one) for one in answers])[:-1]

    def mean_over_splits(weights: Floats) -> Floats:
        parts = zip(scored, np.split(weights, ends, axis=1), strict=True)
        values = np.stack([FIGURES[name](*part) for part in parts], axis=1)
        return mean_defined(values)[:, None]

    every = pd.concat(answers)
    found = jackknife(mean_over_splits, every["group"].tolist(), every["defective"].to_numpy())
    return level_interval(
        found.values[0],
        found.errors[0],
        degrees=found.degrees,
        independent=found.degrees + 1,
    )
