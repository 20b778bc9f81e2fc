"""Every way to share: it learns, is reproducible, and is loaded without classes of its own."""

from pathlib import Path
from typing import get_args

import keras
import numpy as np
import pytest

from components.common.labels.tasks import Task, TaskTargets
from components.networks.probe.probe import Probe
from components.train.multitask.guard import (
    AskedTask,
    asked_by_folds,
    chosen_share,
    fitted_together,
)
from components.train.multitask.options import SharedOptions, Sharing
from components.train.multitask.sharing import SHARINGS, affinity_of
from components.train.multitask.single import TaskExamples, solve_task
from components.train.multitask.training import SharedNetwork, answers_of

# Keras' saving and NumPy 2 disagree about a keyword; nothing of ours is concerned.
SAVING_NOISE = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(SAVING_NOISE)]

N, D = 160, 10


def truth(name: str, targets: np.ndarray, known: np.ndarray) -> TaskTargets:
    several = bool((targets.sum(axis=1) != 1).any())
    classes = tuple("abc"[: targets.shape[1]])
    task = Task(name=name, classes=classes, multi_label=several)
    return TaskTargets(task, (targets * known[:, None]).astype(np.float32), known)


@pytest.fixture(scope="module")
def known() -> TaskExamples:
    """Three tasks on noise, in two views; of the second a third of the labels is missing."""
    rng = np.random.default_rng(0)
    plain = rng.normal(size=(N, D))
    features = np.concatenate([plain, plain + 0.1 * rng.normal(size=(N, D))]).astype(np.float32)
    everything = np.ones(N, bool)
    flaws = np.stack([plain[:, 2] > 0, plain[:, 3] > 0.3, plain[:, 0] > 0], axis=1)
    truths = (
        truth("", np.eye(2)[(plain[:, 0] > 0).astype(int)], everything),
        truth("kind", np.eye(2)[(plain[:, 1] > 0).astype(int)], np.arange(N) % 3 > 0),
        truth("flaws", flaws.astype(float), everything),
    )
    return TaskExamples(features, truths, np.ones(N, np.float32), (np.arange(N) // 4).astype(str))


def options(sharing: Sharing) -> SharedOptions:
    return SharedOptions(
        sharing=sharing, width=16, epochs=25, batch=32, learning_rate=1e-2, weight_of_others=1.0
    )


def probes_of(known: TaskExamples) -> list[Probe]:
    return [solve_task(known, at, SharedOptions(strength=0.1), seed=0) for at in range(3)]


def trained(known: TaskExamples, sharing: Sharing) -> SharedNetwork:
    return fitted_together(known, probes_of(known), options(sharing), seed=0)


def test_options_and_table_know_the_same_ways() -> None:
    assert set(get_args(Sharing)) == set(SHARINGS)


@pytest.mark.parametrize("sharing", get_args(Sharing))
def test_each_way_learns_every_task(known: TaskExamples, sharing: Sharing, tmp_path: Path) -> None:
    network = trained(known, sharing)
    answers = answers_of(network, known.features[:N])
    for own, said in zip(known.truths, answers, strict=True):
        right = (said > 0) == (own.targets > 0)
        if not own.task.multi_label:
            right = (said.argmax(axis=1) == own.targets.argmax(axis=1))[:, None]
        assert right[own.known].mean() > 0.75, own.task.name

    network.model.save(tmp_path / "network.keras")
    loaded = keras.models.load_model(tmp_path / "network.keras", compile=False)
    again = np.asarray(loaded(known.features[:N]))
    np.testing.assert_allclose(again, np.concatenate(answers, axis=1), atol=1e-5)


def test_one_seed_one_result(known: TaskExamples) -> None:
    first, second = (
        answers_of(trained(known, "joint_many_task"), known.features[:9]) for _ in range(2)
    )
    np.testing.assert_array_equal(np.concatenate(first, axis=1), np.concatenate(second, axis=1))


def test_a_missing_label_teaches_nothing(known: TaskExamples) -> None:
    own = known.truths[1]
    wrong = TaskTargets(own.task, np.where(own.known[:, None], own.targets, [[1, 0]]), own.known)
    wrong = TaskTargets(own.task, wrong.targets.astype(np.float32), own.known)
    lied = TaskExamples(
        known.features, (known.truths[0], wrong, known.truths[2]), known.weights, known.groups
    )
    expected, found = (
        answers_of(trained(one, "hard"), known.features[:9]) for one in (known, lied)
    )
    np.testing.assert_array_equal(np.concatenate(found, axis=1), np.concatenate(expected, axis=1))


def test_affinity_is_how_often_tasks_are_hard_together() -> None:
    losses = np.array([[0.1, 0.1, 9.0], [0.2, 0.2, 8.0], [5.0, 5.0, 0.1], [6.0, np.nan, 0.2]])
    found = affinity_of(losses)
    np.testing.assert_allclose(np.diag(found), 1.0)
    assert found[0, 2] == 0.0
    assert found[0, 1] == pytest.approx(1.0)


def test_the_guard_takes_the_trunk_only_where_it_is_better(known: TaskExamples) -> None:
    rng = np.random.default_rng(1)
    own = known.truths[0]
    signal = 4 * (own.targets - 0.5)
    noise = rng.normal(size=signal.shape)
    good, bad = (signal + noise).astype(np.float32), (0.3 * signal + noise).astype(np.float32)
    assert chosen_share([AskedTask(good, bad, own, known.groups)]) == 0.0
    assert chosen_share([AskedTask(bad, good, own, known.groups)]) > 0.0
    assert chosen_share([AskedTask(good, good, own, known.groups)]) == 0.0
    assert chosen_share([]) == 0.0


def test_inner_folds_ask_about_groups_they_have_not_seen(known: TaskExamples) -> None:
    found = asked_by_folds(known, probes_of(known), options("hard"), seed=0)
    groups = [set(one[0].groups) for one in found]
    assert set.union(*groups) == set(known.groups)
    assert sum(map(len, groups)) == len(set(known.groups))
    assert [len(one) for one in found] == [3, 3, 3]


def test_a_multi_label_task_is_one_probe_a_class(known: TaskExamples) -> None:
    probe = solve_task(known, 2, SharedOptions(strength=0.1), seed=0)
    assert probe.kernel.shape == (D, 3)
    said = probe.logits(known.features[:N])
    assert ((said > 0) == (known.truths[2].targets > 0)).mean() > 0.9


def test_a_task_that_nothing_is_known_of_answers_alike() -> None:
    nothing = np.zeros(N, bool)
    rng = np.random.default_rng(0)
    features = rng.normal(size=(N, D)).astype(np.float32)
    truths = (truth("x", np.eye(2)[np.zeros(N, int)], nothing),)
    groups = np.arange(N).astype(str)
    examples = TaskExamples(features, truths, np.ones(N, np.float32), groups)
    probe = solve_task(examples, 0, SharedOptions(), seed=0)
    np.testing.assert_array_equal(probe.logits(features), np.zeros((N, 2)))
