import numpy as np
import pytest

from components.monitor.harm.prediction_powered import audited_accuracy


def sample(rng: np.random.Generator, useful: bool) -> "tuple[np.ndarray, np.ndarray]":
    p = rng.beta(4, 1, 2000)
    right = rng.random(2000) < p
    return right, p if useful else rng.random(2000)


@pytest.mark.parametrize("useful", [True, False])
def test_it_is_unbiased_and_covers_at_all_looks_whatever_the_predictions_are_worth(
    useful: bool,
) -> None:
    rng = np.random.default_rng(0)
    errors, covered, textbook = [], 0, 0
    for _ in range(300):
        right, predicted = sample(rng, useful)
        order, always, plain = rng.permutation(2000), True, True
        for labels in (20, 30, 40, 60, 80, 120, 160):
            sampled = np.zeros(2000, dtype=bool)
            sampled[order[:labels]] = True
            found = audited_accuracy(right, predicted, sampled)
            always &= found.low <= right.mean() <= found.high
            error = abs(right[sampled].mean() - right.mean())
            plain &= error <= 1.645 * right[sampled].std() / labels**0.5
        errors.append(found.accuracy - right.mean())
        covered, textbook = covered + always, textbook + plain
    assert abs(np.mean(errors)) < 0.006
    assert covered / 300 >= 0.9
    # An interval for one look does not hold at seven.
    assert textbook / 300 < 0.8


def test_a_hundred_labels_still_say_something() -> None:
    rng = np.random.default_rng(0)
    right, predicted = sample(rng, True)
    sampled = np.zeros(2000, dtype=bool)
    sampled[rng.permutation(2000)[:100]] = True
    found = audited_accuracy(right, predicted, sampled)
    assert found.high - found.low < 0.25


def test_predictions_that_lie_are_trusted_less() -> None:
    rng = np.random.default_rng(0)
    right, predicted = sample(rng, True)
    sampled = np.zeros(2000, dtype=bool)
    sampled[:400] = True
    assert audited_accuracy(right, predicted, sampled).weight > 0.6
    assert audited_accuracy(right, 1 - predicted, sampled).weight == 0.0


def test_all_labels_leave_nothing_to_doubt() -> None:
    right = np.array([True, False, True, True])
    found = audited_accuracy(right, np.full(4, 0.5), np.ones(4, dtype=bool))
    assert found.accuracy == found.low == found.high == 0.75


def test_a_few_right_answers_prove_little() -> None:
    right, sampled = np.ones(100, dtype=bool), np.zeros(100, dtype=bool)
    sampled[:5] = True
    found = audited_accuracy(right, np.full(100, 0.9), sampled)
    assert found.low < 0.85


def test_one_label_gives_a_figure_without_warning() -> None:
    right, sampled = np.ones(10, dtype=bool), np.zeros(10, dtype=bool)
    sampled[0] = True
    assert audited_accuracy(right, np.full(10, 0.9), sampled).labels == 1
