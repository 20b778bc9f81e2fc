"""Every figure of the pictures with its 95 % interval, and what a reader must know of them."""

from collections.abc import Sequence

from components.common.artifacts.judging.figures import Metric
from components.common.statistics.clusters import count_clusters
from components.common.statistics.figures import Scored
from components.common.statistics.intervals import estimates

REPORTED = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "roc_auc",
    "average_precision",
    "log_loss",
    "calibration_error",
)
_FEW_GROUPS = 5


def measure(answers: Scored, groups: Sequence[str]) -> tuple[tuple[Metric, ...], list[str]]:
    """Compute every figure of REPORTED with its interval.

    Args:
        answers: N >= 1 pictures.
        groups: N names; pictures of one name count as one piece of evidence.

    Returns:
        Figures that are defined on the pictures; and sentences about what could not be computed
        or needs care.

    >>> import numpy as np
    >>> targets = np.tile([0, 1], 100)
    >>> predicted = np.where(np.arange(200) % 5 == 0, 1 - targets, targets)
    >>> answers = Scored(targets, predicted, np.eye(2)[predicted] * 0.6 + 0.2, positive=1)
    >>> metrics, notes = measure(answers, [""] * 200)
    >>> metrics[0].name, metrics[0].value, round(metrics[0].low, 3), round(metrics[0].high, 3)
    ('accuracy', 0.8, 0.738, 0.85)
    """
    metrics = estimates(REPORTED, answers, groups)
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
        return [f"Only {count} groups: the intervals are wide, and rough."]
    return []
