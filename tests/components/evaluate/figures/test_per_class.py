"""Figures of each class against scikit-learn's."""

import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score

from components.common.artifacts.judging.figures import ClassFigures
from components.common.statistics.figures import Scored
from components.evaluate.figures.per_class import per_class


def _answers(classes: int, pictures: int, seed: int = 0) -> Scored:
    rng = np.random.default_rng(seed)
    targets = rng.permutation(np.arange(pictures) % classes)
    logits = rng.normal(size=(pictures, classes)) + 1.5 * np.eye(classes)[targets]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scored(targets, probabilities.argmax(axis=1), probabilities)


def _alone(answers: Scored) -> list[str]:
    return [str(number) for number in range(len(answers.targets))]


def _values(one: ClassFigures) -> dict[str, float]:
    return {metric.name: metric.value for metric in one.metrics}


@pytest.mark.parametrize("classes", [2, 5])
def test_the_numbers_are_scikit_learns(classes: int) -> None:
    answers = _answers(classes, 120)
    names = [f"class {number}" for number in range(classes)]
    found = per_class(answers, names, _alone(answers))
    precision, recall, f1, support = precision_recall_fscore_support(
        answers.targets, answers.predicted, labels=range(classes)
    )
    assert [one.name for one in found] == names
    for position, one in enumerate(found):
        wanted = {
            "precision": precision[position],
            "recall": recall[position],
            "f1": f1[position],
            "roc_auc": roc_auc_score(
                answers.targets == position, answers.probabilities[:, position]
            ),
        }
        assert _values(one) == pytest.approx(wanted)
        assert one.pictures == support[position]
        assert all(metric.low < metric.value < metric.high for metric in one.metrics)


def test_the_decision_counts_and_not_the_largest_probability() -> None:
    targets, scores = np.array([0, 0, 1, 1]), np.array([0.2, 0.3, 0.4, 0.6])
    probabilities = np.stack([1 - scores, scores], axis=1)
    answers = Scored(targets, (scores >= 0.35).astype(int), probabilities, positive=1)
    assert _values(per_class(answers, ("good", "bad"), _alone(answers))[1])["recall"] == 1.0


def test_classes_without_pictures_and_constant_answers_are_no_crash() -> None:
    targets = np.array([0, 0, 1, 1, 1, 0])
    constant = Scored(targets, np.zeros(6, dtype=int), np.full((6, 3), 1 / 3))
    first, second, absent = per_class(constant, ("a", "b", "c"), list("uvwxyz"))
    assert _values(first) == pytest.approx(
        {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "roc_auc": 0.5}
    )
    assert _values(second) == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "roc_auc": 0.5}
    assert (absent.metrics, absent.pictures, absent.groups) == ((), 0, 0)
    only = per_class(Scored(targets * 0, targets * 0, np.full((6, 2), 0.5)), ("a", "b"), ["g"] * 6)
    assert set(_values(only[0])) == {"precision", "recall", "f1"}
    assert only[0].groups == 1


def test_a_class_rests_on_the_groups_of_its_pictures() -> None:
    answers = _answers(3, 90)
    groups = [f"g{number // 3}" for number in range(90)]
    for position, one in enumerate(per_class(answers, ("a", "b", "c"), groups)):
        mine = np.flatnonzero(answers.targets == position)
        assert one.groups == len({groups[row] for row in mine})


def test_two_hundred_classes_need_little_memory() -> None:
    answers = _answers(200, 2000)
    tracemalloc.start()
    found = per_class(answers, [str(number) for number in range(200)], _alone(answers))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 200
    assert all(len(one.metrics) == 4 for one in found)
    # One-hot tables of pairs of classes would be 12 GB.
    assert peak_bytes < 200 * 2**20
