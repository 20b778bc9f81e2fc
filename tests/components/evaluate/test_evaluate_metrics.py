"""Figures against scikit-learn, and intervals against what resampling must give."""

import time

import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluate.intervals import measure
from components.evaluate.metrics import METRICS, Scored, calibration_error, confusion_matrix


def _random(classes: int, count: int = 200, seed: int = 0, decimals: int = 2) -> Scored:
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, classes, count)
    logits = rng.normal(size=(count, classes)) + 1.2 * np.eye(classes)[targets]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    # Rounded, so that equal scores occur and ties are tested.
    probabilities = np.round(probabilities, decimals) + 1e-3
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    predicted = probabilities.argmax(axis=1)
    return Scored(targets, predicted, probabilities, 1 if classes == 2 else None)


def _sklearn(scored: Scored, weights: np.ndarray | None) -> dict[str, float]:
    t, d, p = scored.targets, scored.predicted, scored.probabilities
    two = scored.positive is not None
    average = "binary" if two else "macro"
    binary = [(t == c, p[:, c]) for c in scored.scored_classes]
    areas = [sk.roc_auc_score(y, s, sample_weight=weights) for y, s in binary]
    precisions = [sk.average_precision_score(y, s, sample_weight=weights) for y, s in binary]
    return {
        "accuracy": sk.accuracy_score(t, d, sample_weight=weights),
        "balanced_accuracy": sk.balanced_accuracy_score(t, d, sample_weight=weights),
        "f1": sk.f1_score(t, d, average=average, sample_weight=weights),
        "roc_auc": np.mean(areas),
        "average_precision": np.mean(precisions),
        "log_loss": sk.log_loss(t, p, sample_weight=weights),
    }


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("weighted", [False, True])
def test_figures_equal_scikit_learn(classes: int, weighted: bool) -> None:
    scored = _random(classes)
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 4, 200).astype(float) if weighted else np.ones(200)
    want = _sklearn(scored, weights)
    for name, value in want.items():
        got = METRICS[name](scored, weights[None, :])
        assert got[0] == pytest.approx(value, abs=1e-9), name


def test_many_weightings_at_once_equal_one_by_one() -> None:
    scored = _random(3)
    weights = np.random.default_rng(2).integers(0, 3, (7, 200)).astype(float)
    for name, figure in METRICS.items():
        alone = [figure(scored, row[None, :])[0] for row in weights]
        np.testing.assert_allclose(figure(scored, weights), alone, err_msg=name)


def test_calibration_error_by_hand() -> None:
    # 0.9 stated and half right, 0.6 stated and all right: (2 x 0.4 + 2 x 0.4) / 4.
    probabilities = np.array([[0.1, 0.9], [0.1, 0.9], [0.4, 0.6], [0.4, 0.6]])
    scored = Scored(np.array([1, 0, 1, 1]), np.ones(4, dtype=int), probabilities, 1)
    assert calibration_error(scored, np.ones((1, 4)))[0] == pytest.approx(0.4)


def test_confusion_rows_are_the_truth() -> None:
    scored = Scored(np.array([0, 0, 1]), np.array([1, 0, 1]), np.full((3, 2), 0.5), 1)
    assert confusion_matrix(scored).tolist() == [[1, 1], [0, 1]]


def test_the_decision_and_not_the_largest_probability_counts() -> None:
    probabilities = np.array([[0.7, 0.3], [0.7, 0.3]])
    scored = Scored(np.array([1, 1]), np.array([1, 1]), probabilities, 1)
    assert METRICS["accuracy"](scored, np.ones((1, 2)))[0] == 1.0


def test_intervals_are_wider_when_whole_groups_are_right_or_wrong() -> None:
    right = np.repeat(np.arange(40) % 4 != 0, 25)  # 40 groups of 25 that share their fate
    targets = np.tile([0, 1], 500)
    predicted = np.where(right, targets, 1 - targets)
    probabilities = np.where(np.eye(2)[predicted] > 0, 0.8, 0.2)
    scored = Scored(targets, predicted, probabilities, 1)

    def width(groups: list[str]) -> float:
        metric = measure(scored, groups, draws=1000, seed=0).metrics[0]
        assert metric.name == "accuracy"
        assert metric.low < metric.value < metric.high
        return metric.high - metric.low

    by_group = width([str(number // 25) for number in range(1000)])
    by_picture = width([str(number) for number in range(1000)])
    assert by_group / by_picture == pytest.approx(5.0, rel=0.15)  # sqrt(25)
    assert by_picture == pytest.approx(2 * 1.96 * np.sqrt(0.75 * 0.25 / 1000), rel=0.1)


def test_intervals_follow_the_seed() -> None:
    scored = _random(2)
    groups = [str(number // 5) for number in range(200)]
    first = measure(scored, groups, draws=300, seed=1)
    assert first == measure(scored, groups, draws=300, seed=1)
    assert first != measure(scored, groups, draws=300, seed=2)


def test_what_cannot_be_computed_is_left_out_and_said() -> None:
    scored = Scored(np.zeros(6, int), np.array([0, 0, 1, 0, 0, 0]), np.full((6, 2), 0.5), 1)
    figures = measure(scored, list("abcdef"), draws=200, seed=0)
    names = {metric.name for metric in figures.metrics}
    assert names == {"accuracy", "balanced_accuracy", "log_loss", "calibration_error"}
    assert any("f1, roc_auc, average_precision" in note for note in figures.notes)


def test_one_group_or_few_are_said() -> None:
    scored = _random(2)
    one = measure(scored, ["a"] * 200, draws=200, seed=0)
    assert "one group" in one.notes[0]
    assert one.metrics[0].low < one.metrics[0].high
    few = measure(scored, list("abcd") * 50, draws=200, seed=0)
    assert "Only 4 groups" in few.notes[0]


def test_one_picture_is_no_crash() -> None:
    scored = Scored(np.array([1]), np.array([1]), np.array([[0.3, 0.7]]), 1)
    figures = measure(scored, ["a"], draws=200, seed=0)
    assert figures.metrics[0].value == 1.0


def test_two_thousand_draws_take_seconds() -> None:
    scored = _random(2, count=2000)
    started = time.perf_counter()
    measure(scored, [str(number // 60) for number in range(2000)], draws=2000, seed=0)
    assert time.perf_counter() - started < 10
