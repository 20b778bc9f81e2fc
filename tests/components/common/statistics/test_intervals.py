"""Intervals: they hold what they promise, neither more nor less, and are never of no width."""

import dataclasses

import numpy as np
import pytest

from benchmarks.interval_coverage import draw, truth
from components.common.statistics.clusters import clusters
from components.common.statistics.figures import BY_CLASS, FIGURES, Scored
from components.common.statistics.intervals import (
    class_estimates,
    estimates,
    gap_interval,
    independent,
    level_interval,
)
from components.common.statistics.jackknife import jackknife

LEVELS = ("accuracy", "balanced_accuracy", "roc_auc")
TRIALS = 400


@pytest.mark.parametrize("groups", [5, 10, 20, 44])
def test_ninety_five_percent_is_ninety_five_percent_whatever_the_number_of_groups(
    groups: int,
) -> None:
    """The published simulation in small: `python -m benchmarks.interval_coverage`.

    Of 400 trials, 0.95 +- 3 standard errors is 0.917 to 0.983. Percentiles of a bootstrap lie at
    0.79 (5 groups) to 0.91 (20), intervals twice as wide at 0.999.
    """
    random = np.random.default_rng(groups)
    true = {name: truth(name) for name in LEVELS}
    held = dict.fromkeys(LEVELS, 0)
    for _ in range(TRIALS):
        answers, _, names = draw(random, groups=groups, pictures=30)
        for found in estimates(LEVELS, answers, names):
            held[found.name] += found.low <= true[found.name] <= found.high
    for name, count in held.items():
        assert 0.917 <= count / TRIALS <= 0.983, (name, count / TRIALS)


def test_independent_pictures_give_the_binomial_interval() -> None:
    right = np.arange(400) % 10 != 0
    targets = np.arange(400) % 2
    answers = Scored(targets, np.where(right, targets, 1 - targets), np.full((400, 2), 0.5))
    (found,) = estimates(["accuracy"], answers, [""] * 400)
    error = np.sqrt(0.9 * 0.1 / 400)
    assert found.value == pytest.approx(0.9)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert found.value - found.low > found.high - found.value


def test_an_estimate_is_made_of_its_error_and_of_what_it_rests_on() -> None:
    answers, _, groups = draw(np.random.default_rng(5), groups=9, pictures=12)
    names = ("balanced_accuracy", "log_loss", "calibration_error")
    index = clusters(groups)
    for confidence in (0.95, 0.5):
        for found in estimates(names, answers, groups, confidence=confidence):
            figure = FIGURES[found.name]
            one = jackknife(lambda w: figure(answers, w)[:, None], groups, answers.targets)  # noqa: B023
            value, error, bias = one.values[0], one.errors[0], one.biases[0]
            resting = independent(found.name, answers, index)
            degrees = min(8.0, resting - 1.0)
            expected = (
                gap_interval(value, error, bias=bias, degrees=degrees, confidence=confidence)
                if found.name == "calibration_error"
                else level_interval(
                    value,
                    error,
                    degrees=degrees,
                    independent=resting,
                    confidence=confidence,
                    top=-np.log(1e-7) if found.name == "log_loss" else 1.0,
                )
            )
            assert (found.low, found.high) == pytest.approx(expected)


def test_the_scarcer_class_and_two_groups_leave_few_degrees() -> None:
    random = np.random.default_rng(6)
    targets = np.repeat([0, 1], [100, 5])
    right = random.random(105) < 0.7
    answers = Scored(targets, np.where(right, targets, 1 - targets), np.full((105, 2), 0.5))
    for groups, resting, degrees in (
        ([""] * 105, 4 / (1 / 100 + 1 / 5), 4 / (1 / 100 + 1 / 5) - 1),
        ([str(row % 2) for row in range(105)], None, 1.0),
    ):
        one = jackknife(
            lambda w: FIGURES["balanced_accuracy"](answers, w)[:, None], groups, targets
        )
        (found,) = estimates(["balanced_accuracy"], answers, groups)
        expected = level_interval(
            one.values[0], one.errors[0], degrees=degrees, independent=resting or 2.0
        )
        assert (found.low, found.high) == pytest.approx(expected)


def test_a_calibration_error_without_spread_is_no_certainty() -> None:
    targets = np.tile([0, 1], 10)
    answers = Scored.by_largest(targets, np.where(np.eye(2)[targets] > 0, 0.9, 0.1))
    (found,) = estimates(["calibration_error"], answers, [""] * 20)
    assert found.value == pytest.approx(0.1)
    assert (found.low, found.high) == pytest.approx(
        level_interval(0.1, 0.0, degrees=19, independent=20)
    )


def test_pictures_of_a_group_count_once_however_many_there_are() -> None:
    answers, _, groups = draw(np.random.default_rng(0), groups=8, pictures=10)
    many = answers.take(np.repeat(np.arange(80), 5))
    once, often = (
        estimates(LEVELS, each, names)
        for each, names in ((answers, groups), (many, [name for name in groups for _ in range(5)]))
    )
    for one, other in zip(once, often, strict=True):
        assert (other.low, other.high) == pytest.approx((one.low, one.high))


@pytest.mark.parametrize("name", LEVELS)
def test_eight_pictures_all_right_are_no_certainty(name: str) -> None:
    targets = np.tile([0, 1], 4)
    answers = Scored(targets, targets, np.eye(2)[targets])
    (found,) = estimates([name], answers, [""] * 8)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.64


def test_groups_that_are_all_alike_are_no_certainty_either() -> None:
    targets = np.tile([0, 1], 100)
    predicted = np.where(np.arange(200) % 10 < 2, 1 - targets, targets)
    answers = Scored(targets, predicted, np.eye(2)[predicted])
    (found,) = estimates(["accuracy"], answers, [str(number // 10) for number in range(200)])
    assert found.low == pytest.approx(0.563, abs=0.001)  # 16 of 20, exact
    assert found.high == pytest.approx(0.943, abs=0.001)


def test_a_class_in_one_group_only_leaves_nearly_everything_open() -> None:
    answers, _, groups = draw(np.random.default_rng(1), groups=6, pictures=20)
    targets = np.where(np.asarray(groups) == "0", 1, 0)
    lone = dataclasses.replace(answers, targets=targets)
    (found,) = estimates(["roc_auc"], lone, groups)
    assert found.low < 0.2 and found.high > 0.9


def test_undefined_figures_are_left_out() -> None:
    alone = Scored(np.zeros(6, int), np.array([0, 0, 1, 0, 0, 0]), np.full((6, 2), 0.5), 1)
    found = estimates(["accuracy", "f1", "roc_auc"], alone, list("abcdef"))
    assert [one.name for one in found] == ["accuracy"]


def test_one_picture_leaves_nearly_everything_open() -> None:
    answers = Scored(np.array([1]), np.array([1]), np.array([[0.3, 0.7]]), 1)
    (found,) = estimates(["accuracy"], answers, ["a"])
    assert (found.value, found.low, found.high) == (1.0, pytest.approx(0.025), 1.0)


def test_each_class_has_the_figures_of_the_class_against_the_rest() -> None:
    random = np.random.default_rng(2)
    targets = np.arange(90) % 3
    probabilities = random.dirichlet(np.ones(4), size=90)
    probabilities[np.arange(90), targets] += 0.5
    answers = Scored.by_largest(targets, probabilities / 1.5)
    names = tuple(BY_CLASS)

    found = class_estimates(names, answers, [""] * 90)

    once = np.ones((1, 90))
    assert [[one.name for one in each] for each in found] == [list(names)] * 3 + [[]]
    for position, each in enumerate(found[:3]):
        alone = dataclasses.replace(answers, positive=position)
        for one in each:
            assert one.value == pytest.approx(FIGURES[one.name](alone, once)[0])
            assert one.low < one.value < one.high


def test_a_class_of_few_is_less_certain_than_the_whole() -> None:
    targets = np.repeat([0, 1], [280, 20])
    answers = Scored(targets, targets, np.eye(2)[targets])
    many, few = class_estimates(["recall"], answers, [""] * 300)
    assert few[0].low == pytest.approx(0.025 ** (1 / 20))
    assert many[0].low == pytest.approx(0.025 ** (1 / 280))


def test_two_hundred_classes_need_little_memory() -> None:
    import tracemalloc

    random = np.random.default_rng(3)
    targets = np.arange(2000) % 200
    answers = Scored.by_largest(targets, random.dirichlet(np.ones(200), size=2000))
    tracemalloc.start()
    found = class_estimates(["precision", "recall", "f1"], answers, [""] * 2000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 200
    assert peak < 100e6


# 1 + the degrees of freedom of two sides of 20 and 4 pictures, by Satterthwaite.
OF_24_RANKED = 1 + (1 / 20 + 1 / 4) ** 2 / (1 / 20**2 / 19 + 1 / 4**2 / 3)


@pytest.mark.parametrize(
    ("name", "positive", "expected"),
    [
        ("accuracy", None, 24.0),
        ("log_loss", None, 24.0),
        ("balanced_accuracy", None, 4 / (1 / 20 + 1 / 4)),
        ("balanced_accuracy", 1, 4 / (1 / 20 + 1 / 4)),
        ("recall", 1, 4.0),
        ("recall", 0, 20.0),
        ("roc_auc", 0, OF_24_RANKED),
        ("roc_auc", None, OF_24_RANKED),
        ("average_precision", 1, OF_24_RANKED),
    ],
)
def test_a_figure_rests_on_the_pictures_that_it_is_made_of(
    name: str, positive: int | None, expected: float
) -> None:
    targets = np.repeat([0, 1], [20, 4])
    answers = Scored(targets, targets, np.eye(2)[targets], positive)
    assert independent(name, answers, np.arange(24)) == pytest.approx(expected)


def test_the_scarcer_side_of_a_ranking_says_how_much_is_known() -> None:
    def rests_on(*counts: int) -> float:
        targets = np.repeat([0, 1], counts)
        answers = Scored(targets, targets, np.eye(2)[targets])
        return independent("roc_auc", answers, np.arange(len(targets)))

    assert rests_on(4, 4000) == pytest.approx(4.0, abs=0.01) == rests_on(4000, 4)
    assert rests_on(12, 12) == pytest.approx(23.0)
    assert rests_on(2, 2) == pytest.approx(3.0)
    assert rests_on(1, 30) == 1.0


def test_a_class_without_pictures_does_not_count() -> None:
    targets = np.repeat([0, 2], [20, 4])
    answers = Scored(targets, targets, np.eye(3)[targets])
    assert independent("balanced_accuracy", answers, np.arange(24)) == pytest.approx(
        4 / (1 / 20 + 1 / 4)
    )
    assert independent("recall", dataclasses.replace(answers, positive=1), np.arange(24)) == 1.0


def test_unequal_groups_count_for_less_than_their_number() -> None:
    targets = np.zeros(12, dtype=int)
    answers = Scored(targets, targets, np.ones((12, 1)))
    even = np.arange(12) // 4
    uneven = np.repeat([0, 1, 2], [10, 1, 1])
    assert independent("accuracy", answers, even) == pytest.approx(3.0)
    assert independent("accuracy", answers, uneven) == pytest.approx(144 / 102)


def test_a_level_stays_in_its_range_and_widens_with_what_is_unknown() -> None:
    settings = {"degrees": 9.0, "independent": 10.0}
    low, high = level_interval(0.97, 0.05, **settings)
    assert 0 < low < 0.97 < high < 1
    wider = level_interval(0.97, 0.05, **settings, confidence=0.99)
    fewer = level_interval(0.97, 0.05, degrees=2.0, independent=10.0)
    assert wider[0] < low and fewer[0] < low and wider[1] > high
    loss = level_interval(0.5, 0.1, **settings, top=16.0)
    assert 0 < loss[0] < 0.5 < loss[1] < 16
    assert loss == pytest.approx(16 * np.array(level_interval(0.5 / 16, 0.1 / 16, **settings)))


def test_a_share_of_nothing_or_everything_is_the_exact_interval() -> None:
    settings = {"degrees": 7.0, "independent": 8.0}
    assert level_interval(0.0, 0.0, **settings) == (0.0, pytest.approx(1 - 0.025 ** (1 / 8)))
    assert level_interval(1.0, float("nan"), **settings) == (pytest.approx(0.025 ** (1 / 8)), 1.0)
    # An error beside it, as of a mean that rounding takes beyond its range, changes nothing.
    for value, same in ((0.0, 0.0), (1.0, 1.0), (1.0 + 1e-12, 1.0)):
        assert level_interval(value, 0.1, **settings) == level_interval(same, 0.0, **settings)


def test_a_gap_that_few_pictures_make_too_large_reaches_lower_by_that() -> None:
    plain = gap_interval(0.10, 0.01, bias=-0.02, degrees=200)
    biased = gap_interval(0.10, 0.01, bias=0.04, degrees=200)
    assert plain == pytest.approx((0.10 - 0.0197, 0.10 + 0.0197), abs=1e-4)
    assert biased == pytest.approx((0.06 - 0.0197, plain[1]), abs=1e-4)
    assert gap_interval(0.01, 0.5, bias=0.0, degrees=5) == (0.0, 1.0)
