"""Every figure of the test split with its 95 % interval, and what a reader must know of them."""

from collections.abc import Sequence

import numpy as np

from components.common.artifacts.evaluation import Metric
from components.common.seeding import generator
from components.common.statistics.bootstrap import count_clusters, interval, resample
from components.common.statistics.figures import FIGURES, Scored
from components.common.statistics.weighted import Floats

REPORTED = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "roc_auc",
    "average_precision",
    "log_loss",
    "calibration_error",
)
_FEW_GROUPS = 10


def measure(
    answers: Scored, groups: Sequence[str], *, draws: int, seed: int
) -> tuple[tuple[Metric, ...], list[str]]:
    """Compute every figure of REPORTED with its interval.

    Args:
        answers: N >= 1 pictures.
        groups: N names; pictures of one name are drawn together.
        draws: bootstrap resamples.
        seed: of the resampling; equal seeds give equal intervals.

    Returns:
        Figures that are defined, on the pictures and in at least half of the resamples; and
        sentences about what could not be computed or needs care.

    >>> targets = np.tile([0, 1], 100)
    >>> predicted = np.where(np.arange(200) % 5 == 0, 1 - targets, targets)
    >>> answers = Scored(targets, predicted, np.eye(2)[predicted] * 0.6 + 0.2, positive=1)
    >>> groups = [f"module-{number // 10}" for number in range(200)]
    >>> metrics, notes = measure(answers, groups, draws=200, seed=0)
    >>> metrics[0]
    Metric(name='accuracy', value=0.8, low=0.8, high=0.8)
    """
    once = np.ones((1, len(answers.targets)))
    values = {name: float(FIGURES[name](answers, once)[0]) for name in REPORTED}
    known = [name for name, value in values.items() if not np.isnan(value)]

    def all_known(weights: Floats) -> Floats:
        return np.stack([FIGURES[name](answers, weights) for name in known], axis=1)

    random = generator(seed, "evaluate", "bootstrap")
    samples = resample(all_known, groups, draws=draws, random=random)
    metrics = tuple(
        Metric(name=name, value=values[name], low=found[0], high=found[1])
        for name, column in zip(known, samples.T, strict=True)
        if (found := interval(column)) is not None
    )
    notes = _notes_on_groups(groups)
    missing = [name for name in REPORTED if name not in {metric.name for metric in metrics}]
    if missing:
        notes.append(f"Not computable with so few classes or pictures: {', '.join(missing)}.")
    return metrics, notes


def _notes_on_groups(groups: Sequence[str]) -> list[str]:
    count = count_clusters(groups)
    if count == 1 and len(groups) > 1:
        return [
            "All pictures are in one group, so the intervals treat pictures as independent: "
            "they are too narrow if the pictures resemble each other."
        ]
    if count < _FEW_GROUPS:
        return [f"Only {count} groups: the intervals are rough, and rather too narrow."]
    return []
