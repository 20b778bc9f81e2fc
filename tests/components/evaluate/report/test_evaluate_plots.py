"""Figures for data that a two-class demo never shows."""

import io

import numpy as np
import pytest
from PIL import Image

from components.common.statistics.figures import Scored
from components.evaluate.report import plots
from components.evaluate.report.wording import error_sentences

pytestmark = pytest.mark.slow


def _scored(classes: int) -> Scored:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, classes, 300)
    logits = rng.normal(size=(300, classes)) + 2 * np.eye(classes)[targets]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scored(targets, probabilities.argmax(axis=1), probabilities, None)


def test_many_classes_with_awkward_names_draw() -> None:
    names = tuple(f"$class_{{{number}^ " for number in range(12))
    scored = _scored(12)
    for png in (plots.confusion(scored, names), plots.discrimination(scored, names)):
        assert png is not None
        width, height = Image.open(io.BytesIO(png)).size
        assert width > height > 400


def test_shares_of_a_class_without_pictures_are_zero() -> None:
    assert plots.row_shares(np.array([[3, 1], [0, 0]])).tolist() == [[0.75, 0.25], [0.0, 0.0]]


def test_three_classes_are_worded_one_by_one() -> None:
    counts = np.array([[4, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert error_sentences(counts, ("a", "b", "c"), "") == [
        "4 of 5 (80 %) “a” pictures were recognised.",
        "2 of 2 (100 %) “b” pictures were recognised.",
    ]


def test_two_classes_are_worded_as_misses_and_false_alarms() -> None:
    counts = np.array([[8, 2], [1, 9]])
    assert error_sentences(counts, ("good", "bad"), "bad") == [
        "9 of 10 (90 %) “bad” pictures were found; 1 were missed.",
        "9 of 11 (82 %) “bad” alarms were right; 2 were false alarms.",
    ]
