"""Tables of `benchmarks.quality`: means over splits, and intervals that respect the modules."""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.table import Table

Floats = npt.NDArray[np.float64]
Figure = Callable[["pd.DataFrame"], float]

DRAWS = 2000
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
        figures = ", ".join(f"{name} {figure(self.answers):.3f}" for name, figure in FIGURES)
        return f"{self.method}: {figures}, {self.answers['seconds'].iloc[0]:.0f} s"


def accuracy(answers: pd.DataFrame) -> float:
    """Share decided correctly at probability one half."""
    return float(((answers["margin"] > 0) == answers["defective"]).mean())


def balanced_accuracy(answers: pd.DataFrame) -> float:
    """Mean of the shares found of either class."""
    hit = (answers["margin"] > 0) == answers["defective"]
    return float(hit.groupby(answers["defective"]).mean().mean())


def f1(answers: pd.DataFrame) -> float:
    """Harmonic mean of precision and recall of the defective class."""
    found, true = answers["margin"] > 0, answers["defective"]
    return float(2 * (found & true).sum() / (found.sum() + true.sum()))


def roc_auc(answers: pd.DataFrame) -> float:
    """Area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(answers["defective"], answers["margin"]))


FIGURES: tuple[tuple[str, Figure], ...] = (
    ("accuracy", accuracy),
    ("balanced accuracy", balanced_accuracy),
    ("F1", f1),
    ("ROC-AUC", roc_auc),
)


def figures_table(rows: list[Row]) -> Table:
    """Return the mean over splits with its 95 % interval, a line a protocol and method.

    Random: corrected resampled t interval (Nadeau and Bengio 2003), since the splits overlap.
    Grouped: cluster bootstrap over the modules, all folds and seeds of a module drawn together.
    """
    drawn = Table(title="demo data, label rule p > 0.5: mean over splits (95 % interval)")
    for column in ("protocol", "method", "splits", *(name for name, _ in FIGURES), "s a split"):
        drawn.add_column(column)
    for protocol, method in dict.fromkeys((row.protocol, row.method) for row in rows):
        mine = [row for row in rows if (row.protocol, row.method) == (protocol, method)]
        seconds = statistics.median(row.answers["seconds"].iloc[0] for row in mine)
        cells = [_cell(protocol, [row.answers for row in mine], figure) for _, figure in FIGURES]
        drawn.add_row(protocol, method, str(len(mine)), *cells, f"{seconds:.0f}")
    return drawn


def _cell(protocol: str, answers: list[pd.DataFrame], figure: Figure) -> str:
    values = [figure(one) for one in answers]
    text = f"{statistics.mean(values):.3f}"
    if protocol == "random":
        return text + (f" ± {_corrected(values):.3f}" if len(values) > 1 else "")
    low, high = np.percentile(_drawn(answers, figure, draws=200), [2.5, 97.5])
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
        for figure in (accuracy, roc_auc):
            gaps = [
                100 * (figure(a.answers) - figure(b.answers))
                for a, b in zip(mine, theirs, strict=True)
            ]
            error = statistics.stdev(gaps) if len(gaps) > 1 else 0.0
            cells.append(f"{statistics.mean(gaps):+.1f} ± {error:.1f} (sd)")
        drawn.add_row(protocol, method, *cells)
    return drawn


def _drawn(answers: list[pd.DataFrame], figure: Figure, *, draws: int) -> Floats:
    """Return the mean over splits of a figure, for modules drawn with replacement."""
    names = sorted({name for one in answers for name in one["group"]})
    members = [
        {name: rows.to_numpy() for name, rows in one.groupby("group").groups.items()}
        for one in answers
    ]
    rng = np.random.default_rng(0)
    values = []
    for _ in range(draws):
        chosen = rng.choice(names, len(names))
        parts = []
        for one, places in zip(answers, members, strict=True):
            rows = [places[name] for name in chosen if name in places]
            drawn = one.loc[np.concatenate(rows)] if rows else one.iloc[:0]
            if drawn["defective"].nunique() == 2:
                parts.append(figure(drawn))
        values.append(float(np.mean(parts)))
    return np.asarray(values)
