"""From held-out logits of a further task to how it is answered."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_curve

from components.common.labels.tasks import FittedTask, TaskTargets
from components.common.statistics.temperature import fit_temperature
from components.networks.rows import Floats

_UNDECIDED, _EDGE = 0.5, 0.01


def calibrated_tasks(logits: Floats, truths: Sequence[TaskTargets]) -> tuple[FittedTask, ...]:
    """Return the tasks that held-out logits answer, none where they have no column."""
    if not logits.shape[1]:
        return ()
    ends = np.cumsum([len(one.task.classes) for one in truths])[:-1]
    parts = np.split(logits, ends, axis=1)
    return tuple(calibrated_task(part, one) for part, one in zip(parts, truths, strict=True))


def calibrated_task(logits: Floats, truth: TaskTargets) -> FittedTask:
    """Return a task with its temperature and, where it is multi-label, a threshold a class.

    A threshold is where share found minus false-alarm rate is largest (Youden's J), 0.5 where
    pictures of one kind only are known.

    Args:
        logits: float32 [N, classes], of pictures that the network was not fitted on.
        truth: of these pictures; those without a label count for nothing.
    """
    task = truth.task
    fitted = FittedTask(name=task.name, classes=task.classes, multi_label=task.multi_label)
    said, true = logits[truth.known], truth.targets[truth.known]
    if not len(said):
        undecided = (_UNDECIDED,) * len(task.classes) if task.multi_label else ()
        return dataclasses.replace(fitted, thresholds=undecided)
    if not task.multi_label:
        return dataclasses.replace(fitted, temperature=fit_temperature(said, true.argmax(axis=1)))
    # A class that is true or not is two classes, one of which has the logit 0.
    pairs = np.stack([np.zeros_like(said), said], axis=-1).reshape(-1, 2)
    temperature = fit_temperature(pairs, true.ravel().astype(np.int64))
    warm = dataclasses.replace(fitted, temperature=temperature)
    found = warm.probabilities(said)
    thresholds = tuple(_threshold(found[:, at], true[:, at]) for at in range(len(task.classes)))
    return dataclasses.replace(warm, thresholds=thresholds)


def _threshold(probabilities: npt.NDArray[np.float32], true: npt.NDArray[np.float32]) -> float:
    if len(np.unique(true)) < 2:
        return _UNDECIDED
    false_alarms, found, thresholds = roc_curve(true, probabilities)
    best = float(thresholds[np.argmax(found - false_alarms)])
    return min(max(best, _EDGE), 1 - _EDGE)
