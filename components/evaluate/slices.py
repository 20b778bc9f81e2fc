"""Parts of the test split that deserve figures of their own."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from components.common.artifacts.evaluation import Slice
from components.common.statistics.figures import Scored
from components.evaluate.intervals import measure

MAX_DOMAINS = 12
CERTAIN = "certain labels only"
UNCERTAIN = "uncertain labels only"

Mask = npt.NDArray[np.bool_]


def measure_slices(answers: Scored, rows: pd.DataFrame) -> tuple[Slice, ...]:
    """Measure each domain, and the pictures whose annotators were sure.

    Args:
        answers: to the whole test split.
        rows: its manifest rows, same order: `domain`, `group`, `soft_label`.

    Returns:
        The largest domains (at most 12, only with two or more), then the slices by certainty
        (only where soft labels other than 0 and 1 exist). Empty parts are left out.
    """
    found = []
    for name, mask in [*_domains(rows), *_certainty(rows)]:
        groups = rows["group"][mask].astype(str).tolist()
        metrics, _ = measure(answers.take(mask), groups)
        found.append(
            Slice(name=name, pictures=len(groups), groups=len(set(groups)), metrics=metrics)
        )
    return tuple(found)


def _domains(rows: pd.DataFrame) -> list[tuple[str, Mask]]:
    counts = rows["domain"].astype(str).value_counts()
    if len(counts) < 2:
        return []
    names = [str(name) for name in counts.index[:MAX_DOMAINS]]
    return [(name or "no domain", (rows["domain"] == name).to_numpy()) for name in names]


def _certainty(rows: pd.DataFrame) -> list[tuple[str, Mask]]:
    soft = rows["soft_label"].to_numpy(dtype=np.float64)
    annotated = ~np.isnan(soft)
    sure = annotated & np.isin(soft, (0.0, 1.0))
    unsure = annotated & ~sure
    if not unsure.any():
        return []
    return [(name, mask) for name, mask in ((CERTAIN, sure), (UNCERTAIN, unsure)) if mask.any()]
