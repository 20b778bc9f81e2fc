"""Losses of answers, against their definitions and finite differences."""

import numpy as np
import pytest

from components.common.statistics.temperature import softmax
from components.networks.probe.solver import Term
from components.train.domains.terms import confusion, discrepancy

RNG = np.random.default_rng(0)
OWN = RNG.normal(0, 1, (7, 3)).astype(np.float32)
OTHERS = RNG.normal(1, 2, (9, 3)).astype(np.float32)


def test_confusion_is_the_share_off_the_diagonal_of_the_class_correlation() -> None:
    answers = softmax(OTHERS).astype(np.float64)
    entropy = -(answers * np.log(answers)).sum(axis=1)
    weights = len(answers) * (1 + np.exp(-entropy)) / (1 + np.exp(-entropy)).sum()
    correlation = answers.T @ (weights[:, None] * answers)
    correlation /= correlation.sum(axis=1, keepdims=True)
    expected = (correlation.sum() - np.trace(correlation)) / 3
    assert confusion(2.0)(OWN, OTHERS)[0] == pytest.approx(2 * expected, rel=1e-6)


def test_sure_answers_are_not_confused() -> None:
    sure = 50 * np.eye(3, dtype=np.float32)
    assert confusion(1.0)(sure, sure)[0] == pytest.approx(0.0, abs=1e-6)
    assert confusion(1.0)(sure, 0 * sure)[0] == pytest.approx(2 / 3)


def test_discrepancy_is_the_mean_over_pairs() -> None:
    term = discrepancy(1.0, own=OWN, others=OTHERS, rng=np.random.default_rng(0))
    both = np.concatenate([OWN, OTHERS]).astype(np.float64)
    squares = ((both[:, None] - both) ** 2).sum(axis=2)
    kernel = np.mean(
        [np.exp(-squares / (f * squares.mean())) for f in (0.25, 0.5, 1, 2, 4)], axis=0
    )
    expected = kernel[:7, :7].mean() + kernel[7:, 7:].mean() - 2 * kernel[:7, 7:].mean()
    assert term(OWN, OTHERS)[0] == pytest.approx(expected, rel=1e-5)
    alike = discrepancy(1.0, own=OWN, others=OWN, rng=np.random.default_rng(0))
    assert alike(OWN, OWN)[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    "term",
    [
        confusion(0.7),
        discrepancy(0.7, own=OWN, others=OTHERS, rng=np.random.default_rng(0)),
    ],
    ids=["confusion", "discrepancy"],
)
def test_gradients_are_those_of_finite_differences(term: Term) -> None:
    _, by_own, by_others = term(OWN, OTHERS)
    step = np.float32(2**-6)
    for values, slope in ((OWN, by_own), (OTHERS, by_others)):
        for place in np.ndindex(values.shape):
            moved = np.zeros_like(values)
            moved[place] = step
            sides = [
                (OWN + s * moved, OTHERS) if values is OWN else (OWN, OTHERS + s * moved)
                for s in (1, -1)
            ]
            up, down = (term(*side)[0] for side in sides)
            assert slope[place] == pytest.approx((up - down) / (2 * step), abs=2e-4)
