import math

import numpy as np
import pytest

from components.common.statistics import figures as quality

LABELS = np.array([0, 0, 1, 1])


def two_sided(positive: list[float]) -> np.ndarray:
    column = np.array(positive)
    return np.stack([1 - column, column], axis=1)


@pytest.mark.parametrize(
    ("positive", "auc"),
    [([0.1, 0.2, 0.8, 0.9], 1.0), ([0.9, 0.8, 0.2, 0.1], 0.0), ([0.1, 0.6, 0.4, 0.9], 0.75)],
)
def test_roc_auc_counts_pairs_in_the_right_order(positive: list[float], auc: float) -> None:
    assert quality.measure("roc_auc", LABELS, two_sided(positive)) == pytest.approx(auc)


def test_a_weight_of_two_is_the_picture_twice() -> None:
    answers = two_sided([0.1, 0.6, 0.4, 0.9])
    rows = np.array([0, 1, 1, 2, 3])
    weights = np.array([1.0, 2.0, 1.0, 1.0])
    for metric in ("roc_auc", "balanced_accuracy", "accuracy"):
        repeated = quality.measure(metric, LABELS[rows], answers[rows])
        assert quality.measure(metric, LABELS, answers, weights) == pytest.approx(repeated)


def test_balanced_accuracy_counts_classes_and_accuracy_pictures() -> None:
    labels = np.array([0, 0, 0, 1])
    says_zero = two_sided([0.1, 0.1, 0.1, 0.1])
    assert quality.measure("accuracy", labels, says_zero) == 0.75
    assert quality.measure("balanced_accuracy", labels, says_zero) == 0.5


def test_three_classes_are_averaged_and_an_absent_one_left_out() -> None:
    labels = np.array([0, 0, 1, 1])
    answers = np.array([[0.8, 0.1, 0.1], [0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.7, 0.1]])
    assert quality.measure("roc_auc", labels, answers) == 1.0


def test_one_class_alone_has_no_roc_auc() -> None:
    alone = np.zeros(4, dtype=np.int64)
    assert math.isnan(quality.measure("roc_auc", alone, two_sided([0.1, 0.2, 0.3, 0.4])))
