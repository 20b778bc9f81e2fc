"""Figures of the tasks besides the class, on the pictures whose label of it is known."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from components.common.artifacts.judging.figures import Metric, TaskFigures
from components.common.labels.tasks import FittedTask, TaskAnswers
from components.common.statistics.clusters import count_clusters
from components.common.statistics.intervals import estimates

REPORTED = ("accuracy", "balanced_accuracy", "roc_auc")


def measure_tasks(
    tasks: Sequence[FittedTask], predictions: pd.DataFrame, incumbent: pd.DataFrame | None
) -> tuple[TaskFigures, ...]:
    """Measure each task, and each class of a multi-label one, for both models.

    Args:
        tasks: of the candidate.
        predictions: its answers, see `tasks.answer_table`.
        incumbent: the serving version's, on the same pictures or some of them.
    """
    theirs = {} if incumbent is None else dict(_measured(tasks, incumbent))
    groups = predictions["group"].astype(str).to_numpy()
    return tuple(
        TaskFigures(
            name=one.name,
            pictures=int(one.known.sum()),
            groups=count_clusters(groups[one.known].tolist()),
            metrics=_metrics(one, predictions),
            incumbent_metrics=theirs.get(one.name, ()),
        )
        for task in tasks
        for one in task.answered(predictions)
    )


def _measured(
    tasks: Sequence[FittedTask], table: pd.DataFrame
) -> Iterable[tuple[str, tuple[Metric, ...]]]:
    for task in tasks:
        for one in task.answered(table):
            yield one.name, _metrics(one, table)


def _metrics(one: TaskAnswers, table: pd.DataFrame) -> tuple[Metric, ...]:
    groups = table["group"].astype(str).to_numpy(dtype=np.str_)[one.known].tolist()
    return estimates(REPORTED, one.scored, groups)
