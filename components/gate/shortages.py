"""What there is too little of for a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from components.common.artifacts.judging.evaluation import EvaluationInfo
from components.common.statistics.clusters import count_clusters
from components.gate.compare import kind_of
from components.gate.config import GateConfig


@dataclass(frozen=True, kw_only=True)
class Shortage:
    """So many there are, and so many are needed; `of` says which pictures or groups."""

    of: str
    there: int
    needed: int


def shortages(
    predictions: pd.DataFrame,
    info: EvaluationInfo,
    settings: GateConfig,
    classes: Sequence[str],
) -> list[Shortage]:
    """Return what falls short of the gate's minimums, [] where there is enough.

    Args:
        predictions: about the pictures that count.
        info: of the evaluation.
        settings: the minimums.
        classes: those that must have pictures.
    """
    kind = kind_of(info)
    groups = count_clusters(predictions["group"].astype(str).tolist())
    counted = [
        (len(predictions), settings.min_test_pictures, kind),
        (groups, settings.min_groups, f"groups of {kind}"),
    ]
    for name in classes:
        pictures = int((predictions["target"] == info.classes.index(name)).sum())
        counted.append((pictures, settings.min_per_class, f"{kind} of class '{name}'"))
    return [
        Shortage(of=what, there=there, needed=needed)
        for there, needed, what in counted
        if there < needed
    ]
