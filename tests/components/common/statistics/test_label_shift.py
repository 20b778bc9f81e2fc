import numpy as np
import pytest

from components.common.statistics.label_shift import proportions


def test_the_mix_is_found_that_the_scores_came_from() -> None:
    truth = np.random.default_rng(0).random(4000) < 0.2
    value = np.random.default_rng(1).normal(size=4000) + 2 * truth
    odds = np.exp(2 * value - 2)
    scores = np.stack([1 / (1 + odds), odds / (1 + odds)], axis=1)
    found = proportions(scores, np.array([0.5, 0.5]))
    assert found[1] == pytest.approx(0.2, abs=0.03)
    assert found.sum() == pytest.approx(1.0)


def test_a_class_without_a_share_gets_none() -> None:
    scores = np.random.default_rng(0).dirichlet((1, 1, 1), 50)
    found = proportions(scores, np.array([0.5, 0.0, 0.5]))
    assert found[1] == 0.0 and found.sum() == pytest.approx(1.0)


def test_scores_of_nothing_leave_the_usual_mix() -> None:
    usual = np.array([0.3, 0.7])
    assert np.allclose(proportions(np.zeros((5, 2)), usual), usual)
