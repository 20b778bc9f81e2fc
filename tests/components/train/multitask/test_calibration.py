"""Temperature and thresholds of further tasks, from held-out logits."""

import numpy as np
import pytest

from components.common.labels.tasks import Task, TaskTargets
from components.common.statistics.temperature import fit_temperature
from components.train.multitask.calibration import calibrated_tasks

N = 400


def test_a_temperature_a_task_and_a_threshold_a_label() -> None:
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, N)
    said = 3 * np.eye(3)[kind] + 3 * rng.normal(size=(N, 3))
    flaws = rng.random((N, 2)) < 0.3
    # The second is answered two too low throughout: its threshold has to be lower.
    shown = np.where(flaws, 3.0, -3.0) + rng.normal(size=(N, 2)) + [0.0, -2.0]
    known = np.arange(N) % 4 > 0
    truths = (
        TaskTargets(
            Task(name="k", classes=("a", "b", "c")), np.eye(3, dtype=np.float32)[kind], known
        ),
        TaskTargets(
            Task(name="f", classes=("u", "v"), multi_label=True), flaws.astype(np.float32), known
        ),
    )
    logits = np.concatenate([said, shown], axis=1).astype(np.float32)
    kinds, labels = calibrated_tasks(logits, truths)
    assert kinds.temperature == fit_temperature(logits[known, :3], kind[known])
    assert kinds.thresholds == ()
    assert len(labels.thresholds) == 2
    assert labels.thresholds[1] < labels.thresholds[0]
    answered = labels.probabilities(logits[:, 3:]) >= labels.thresholds
    assert (answered == flaws)[known].mean() > 0.97


def test_without_a_column_there_is_no_task() -> None:
    truth = TaskTargets(
        Task(name="k", classes=("a", "b")), np.eye(2, dtype=np.float32), np.ones(2, bool)
    )
    assert calibrated_tasks(np.zeros((2, 0), np.float32), [truth]) == ()


@pytest.mark.parametrize("several", [False, True])
def test_a_task_without_a_held_out_label_is_left_as_it_is(several: bool) -> None:
    task = Task(name="k", classes=("a", "b"), multi_label=several)
    truth = TaskTargets(task, np.zeros((3, 2), np.float32), np.zeros(3, bool))
    (found,) = calibrated_tasks(np.ones((3, 2), np.float32), [truth])
    assert found.temperature == 1.0
    assert found.thresholds == ((0.5, 0.5) if several else ())
