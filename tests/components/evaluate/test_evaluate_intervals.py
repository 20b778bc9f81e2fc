"""What the report says of figures: their intervals, and when to be careful."""

import numpy as np
import pytest

from components.common.statistics.figures import Scored
from components.evaluate.intervals import measure


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


def test_intervals_are_wider_when_whole_groups_are_right_or_wrong() -> None:
    right = np.repeat(np.arange(40) % 4 != 0, 25)  # 40 groups of 25 that share their fate
    targets = np.tile([0, 1], 500)
    predicted = np.where(right, targets, 1 - targets)
    probabilities = np.where(np.eye(2)[predicted] > 0, 0.8, 0.2)
    scored = Scored(targets, predicted, probabilities, 1)

    def width(groups: list[str]) -> float:
        metric = measure(scored, groups)[0][0]
        assert metric.name == "accuracy"
        assert metric.low < metric.value < metric.high
        return metric.high - metric.low

    by_group = width([str(number // 25) for number in range(1000)])
    by_picture = width([str(number) for number in range(1000)])
    assert by_group / by_picture == pytest.approx(5.0, rel=0.15)  # sqrt(25)
    assert by_picture == pytest.approx(2 * 1.96 * np.sqrt(0.75 * 0.25 / 1000), rel=0.1)


def test_equal_evidence_gives_equal_intervals() -> None:
    scored = _random(2, count=1000)
    groups = [""] * 1000
    assert measure(scored, groups) == measure(scored, groups)


def test_what_cannot_be_computed_is_left_out_and_said() -> None:
    scored = Scored(np.zeros(6, int), np.array([0, 0, 1, 0, 0, 0]), np.full((6, 2), 0.5), 1)
    metrics, notes = measure(scored, list("abcdef"))
    names = {metric.name for metric in metrics}
    assert names == {"accuracy", "balanced_accuracy", "log_loss", "calibration_error"}
    assert any("f1, roc_auc, average_precision" in note for note in notes)


def test_one_group_or_few_are_said() -> None:
    scored = _random(2)
    metrics, notes = measure(scored, ["a"] * 200)
    assert "one group" in notes[0]
    assert metrics[0].low < metrics[0].high
    _, notes = measure(scored, list("abcd") * 50)
    assert "Only 4 groups" in notes[0]
    assert measure(scored, list("abcde") * 40)[1] == []


def test_one_picture_is_no_crash() -> None:
    scored = Scored(np.array([1]), np.array([1]), np.array([[0.3, 0.7]]), 1)
    metrics, _ = measure(scored, ["a"])
    assert metrics[0].value == 1.0
