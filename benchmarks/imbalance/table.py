"""Means over seeds and folds, and paired differences with intervals by module."""

import functools
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.table import Table

from benchmarks.imbalance.arms import (
    ARMS,
    AT_PRIOR,
    BANK,
    FOLDS,
    LEVELS,
    PLAIN,
    Answers,
    Demo,
    defects_of,
)
from components.common.statistics.figures import FIGURES, Scored
from components.common.statistics.jackknife import jackknife
from components.common.statistics.weighted import Floats
from components.networks.config import Pooling

KEPT = Path("benchmarks/answers/imbalance.json")
PAGE = Path("docs/results.md")
HEADER = (
    "pooling", "defects", "arm", "balanced accuracy", "over plain at 0.5", "over prior",
    "ROC-AUC", "over plain", "average precision",
)  # fmt: skip
_FIGURES = ("balanced_accuracy", "roc_auc", "average_precision")
_BEGIN, _END = "<!-- table: begin -->", "<!-- table: end -->"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An arm at a level; all in percentage points, differences as (mean, low, high).

    defects: what the level is called. seeds: draws of the defects and of the folds.
    balanced: balanced accuracy; None where an arm only ranks.
    """

    pooling: str
    defects: str
    arm: str
    seeds: int
    balanced: float | None
    over_plain: tuple[float, float, float] | None
    over_prior: tuple[float, float, float] | None
    auc: float
    auc_over_plain: tuple[float, float, float]
    precision: float

    def cells(self) -> tuple[str, ...]:
        """Return the row as text, one cell a column of HEADER."""
        return (
            self.pooling,
            self.defects,
            self.arm,
            "–" if self.balanced is None else f"{self.balanced:.1f}",
            *(_with_interval(one) for one in (self.over_plain, self.over_prior)),
            f"{self.auc:.1f}",
            _with_interval(self.auc_over_plain),
            f"{self.precision:.1f}",
        )


def rows(pooling: Pooling, data: Demo, answers: Iterable[tuple[int, Answers]]) -> list[Row]:
    """Return the rows of every arm that was fitted, level by level."""
    found = list(answers)
    seeds = len({seed for seed, _ in found})
    good = int((data.labels == 0).sum() * (1 - 1 / FOLDS))
    table = []
    for level in LEVELS:
        at = LEVELS.index(level)
        known = defects_of(level, good)
        share = known / (known + good)
        fitted = [a for a in range(len(ARMS)) if np.isfinite(found[0][1].margins[at, a]).all()]
        values = jackknife(
            functools.partial(
                _figures, data, [one for _, one in found], at=at, arms=fitted, share=share
            ),
            [str(group) for group in data.groups],
            data.labels,
        )
        mean = 100 * values.values.reshape(3, len(fitted), 3)
        reach = 100 * values.reach.reshape(mean.shape)

        def beside(which: int, arm: int, figure: int) -> tuple[float, float, float]:
            middle, far = mean[which, arm, figure], reach[which, arm, figure]  # noqa: B023
            return float(middle), float(middle - far), float(middle + far)

        for arm, number in enumerate(fitted):
            ranks_only = ARMS[number] == BANK
            table.append(
                Row(
                    pooling=pooling,
                    defects=level if level.endswith("s") else f"{level}, {known} defects",
                    arm=ARMS[number],
                    seeds=seeds,
                    balanced=None if ranks_only else float(mean[0, arm, 0]),
                    over_plain=None if ranks_only else beside(1, arm, 0),
                    over_prior=None if ranks_only else beside(2, arm, 0),
                    auc=float(mean[0, arm, 1]),
                    auc_over_plain=beside(1, arm, 1),
                    precision=float(mean[0, arm, 2]),
                )
            )
    return table


def _figures(
    data: Demo,
    answers: Sequence[Answers],
    weights: Floats,
    *,
    at: int,
    arms: Sequence[int],
    share: float,
) -> Floats:
    """Return figures of each arm, then less those of each baseline, [B, 3 * arms * figures]."""
    parts = []
    for one in answers:
        truth = data.labels[one.rows]
        own = weights[:, one.rows]
        defects = own @ (truth == 1)
        # Precision as it would be at the share of defects that was learnt from.
        factor = share / (1 - share) * (own @ (truth == 0)) / np.maximum(defects, 1e-9)
        rare = np.where(truth == 1, own * factor[:, None], own)
        for arm in arms:
            margins = one.margins[at, arm]
            chances = np.stack([-margins, margins], axis=1)
            scored = Scored(truth, (margins >= 0).astype(np.int64), chances, positive=1)
            parts += [
                FIGURES[name](scored, rare if name == "average_precision" else own)
                for name in _FIGURES
            ]
    shape = (len(answers), len(arms), len(_FIGURES), len(weights))
    mean: npt.NDArray[np.float64] = np.nanmean(np.array(parts).reshape(shape), axis=0)
    places = [list(arms).index(ARMS.index(name)) for name in (PLAIN, AT_PRIOR)]
    everything = [mean, *(mean - mean[place] for place in places)]
    flat: Floats = np.stack(everything).reshape(-1, len(weights)).T
    return flat


def printed(found: Sequence[Row]) -> Table:
    """Return the rows as a table for the terminal."""
    table = Table(*HEADER)
    for row in found:
        table.add_row(*row.cells())
    return table


def keep(found: Sequence[Row]) -> None:
    """Write the rows down, and into the page."""
    KEPT.write_text(json.dumps([asdict(row) for row in found], indent=1) + "\n")
    lines = [f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|"]
    lines += [f"| {' | '.join(row.cells())} |" for row in found]
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text("\n".join([f"{before}{_BEGIN}", "", *lines, "", f"{_END}{after}"]))


def _with_interval(found: tuple[float, float, float] | None) -> str:
    if found is None:
        return "–"
    middle, low, high = found
    return f"{middle:+.1f} ({low:+.1f} to {high:+.1f})"
