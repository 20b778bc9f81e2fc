"""How the answers hold when the camera gets worse: every fault at five severities."""

from itertools import groupby

import numpy as np
import pandas as pd

from components.common.artifacts.dataset import Dataset
from components.common.artifacts.judging.figures import Corrupted
from components.common.pictures.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from components.common.pictures.decode import Pixels
from components.common.seeding import generator
from components.common.statistics.figures import Scored
from components.common.statistics.intervals import estimates
from components.evaluate.behaviour.asked import ExportedModel
from components.evaluate.behaviour.changes import mean_change

# Of the pictures, each of which gets its own faults.
_PARTS = 5


def measure_robustness(
    asked: ExportedModel, dataset: Dataset, rows: pd.DataFrame, *, seed: int, whole: bool
) -> tuple[Corrupted, ...]:
    """Put every fault on pictures and ask the model again.

    Args:
        asked: the model.
        dataset: holds the pictures.
        rows: PREDICTION_COLUMNS of the pictures to take, at least one.
        seed: of what the faults draw.
        whole: put every fault on every picture; else on a fifth of each class, another one in
            turn, so that five times fewer answers are needed. A fault's are the same at all
            severities, or a severer one would often look more harmless.

    Returns:
        In the order of faults and severities; those with pictures.
    """
    targets = rows["target"].to_numpy(dtype=np.int64)
    clean = [asked.seen(dataset, path) for path in rows["path"]]
    before = asked.about(clean, targets)
    parts = 1 if whole else min(_PARTS, len(rows))
    # Class by class: five defects are one for each fault, not five for two of them.
    dealt = np.empty(len(rows), dtype=np.int64)
    dealt[np.argsort(targets, kind="stable")] = np.arange(len(rows)) % parts
    jobs = [
        (kind, severity, position)
        for place, kind in enumerate(CORRUPTIONS)
        for severity in SEVERITIES
        for position in np.flatnonzero(dealt == place % parts).tolist()
    ]

    def faulty(job: tuple[str, int, int]) -> Pixels:
        kind, severity, position = job
        random = generator(seed, "robustness", kind, rows["path"][position])
        return corrupt(clean[position], kind=kind, severity=severity, rng=random)

    positions = np.array([position for _, _, position in jobs])
    after = asked.about_all(
        faulty, jobs, targets[positions], activity="asking about faulty pictures"
    )
    found, groups, start = [], rows["group"].to_numpy(dtype=str), 0
    for (kind, severity), same in groupby(jobs, key=lambda job: job[:2]):
        mine = np.arange(start, start + len(list(same)))
        start += len(mine)
        pair = (before.take(positions[mine]), after.take(mine))
        found.append(_corrupted(kind, severity, pair, groups[positions[mine]].tolist()))
    return tuple(found)


def _corrupted(
    kind: str, severity: int, pair: tuple[Scored, Scored], groups: list[str]
) -> Corrupted:
    before, after = pair
    (metric,) = estimates(["accuracy"], after, groups)
    changes = (after.predicted == after.targets) * 1.0 - (before.predicted == before.targets)
    return Corrupted(
        name=kind,
        severity=severity,
        pictures=len(groups),
        metric=metric,
        change=mean_change("accuracy", changes, groups),
    )
