import dataclasses

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from components.common.statistics.figures import Scored
from components.gate.paired import PairedDifference, least_error, paired_difference


def answers(*, classes: int, seed: int, sharpness: float = 1.0, pictures: int = 120) -> Scored:
    random = np.random.default_rng(seed)
    targets = np.arange(pictures) % classes
    logits = random.normal(size=(pictures, classes))
    logits[np.arange(pictures), targets] += sharpness
    # Rounded, so that ties occur.
    scores = np.round(np.exp(logits), 1) + 0.1
    scores /= scores.sum(axis=1, keepdims=True)
    return Scored(targets, scores.argmax(axis=1), scores)


def right(targets: np.ndarray, where: np.ndarray) -> Scored:
    """Return answers that are right where it is said."""
    classes = int(targets.max()) + 1
    predicted = np.where(where, targets, (targets + 1) % classes)
    return Scored(targets, predicted, np.eye(classes)[predicted])


def measure(
    candidate: Scored, incumbent: Scored, *, groups: int = 24, **changes: object
) -> PairedDifference:
    names = [str(row * groups // len(candidate.targets)) for row in range(len(candidate.targets))]
    settings = {"groups": names, "metric": "balanced_accuracy", "tolerance": 0.04, **changes}
    found = paired_difference(candidate, incumbent, **settings)  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize("classes", [2, 4])
def test_the_figures_are_those_of_scikit_learn(classes: int) -> None:
    candidate, incumbent = answers(classes=classes, seed=1), answers(classes=classes, seed=2)

    balanced = measure(candidate, incumbent)
    area = measure(candidate, incumbent, metric="roc_auc")

    scores = candidate.probabilities if classes > 2 else candidate.probabilities[:, 1]
    assert balanced.candidate == pytest.approx(
        balanced_accuracy_score(candidate.targets, candidate.predicted)
    )
    assert area.candidate == pytest.approx(
        roc_auc_score(candidate.targets, scores, multi_class="ovr")
    )
    assert balanced.value == balanced.candidate - balanced.incumbent
    assert balanced.value == -measure(incumbent, candidate).value


@pytest.mark.parametrize("groups", [5, 10, 20, 44])
def test_ninety_five_percent_is_what_it_says_where_groups_differ(groups: int) -> None:
    """Two equally good models whose difference varies from group to group.

    Of 400 trials each side holds 0.95 +- 3 standard errors: 0.917 to 0.983. The percentiles of a
    bootstrap hold 0.90 at 5 groups; twice the width holds 0.999.
    """
    random = np.random.default_rng(groups)
    below, above, trials = 0, 0, 400
    for _ in range(trials):
        of_group = np.repeat(np.arange(groups), 60)
        targets = (random.random(len(of_group)) < 0.3).astype(int)
        level = 1.7 + 0.7 * random.normal(size=groups)
        gap = 0.7 * random.normal(size=groups)
        pair = [
            right(
                targets,
                random.random(len(of_group)) < 1 / (1 + np.exp(-(level + side * gap)))[of_group],
            )
            for side in (0.5, -0.5)
        ]
        found = measure(*pair, groups=groups)
        reach = found.reach(0.95)
        below += found.value - reach <= 0
        above += found.value + reach >= 0
    for held in (below, above):
        assert 0.917 <= held / trials <= 0.983


def test_the_error_is_that_of_a_mean_of_paired_pictures() -> None:
    targets = np.arange(300) % 15
    random = np.random.default_rng(4)
    candidate, incumbent = (right(targets, random.random(300) < 0.9) for _ in range(2))
    gaps = 1.0 * (candidate.predicted == targets) - (incumbent.predicted == targets)

    found = measure(candidate, incumbent, groups=150, metric="accuracy")

    pairs = gaps.reshape(150, 2).sum(axis=1)
    assert found.error == pytest.approx(pairs.std(ddof=1) * np.sqrt(150) / 300)
    assert found.degrees == pytest.approx(149)


def test_pictures_of_one_group_count_as_one_observation() -> None:
    # Every picture eight times, as photographs of the same part: no new evidence.
    once = [answers(classes=2, seed=seed) for seed in (1, 2)]
    eightfold = [answer.take(np.repeat(np.arange(120), 8)) for answer in once]

    single = measure(*once, groups=120)
    repeated = measure(*eightfold, groups=120)

    assert repeated.reach(0.95) == pytest.approx(single.reach(0.95))


@pytest.mark.parametrize("metric", ["balanced_accuracy", "roc_auc"])
def test_a_class_without_pictures_changes_nothing(metric: str) -> None:
    three = [answers(classes=3, seed=seed) for seed in (1, 2)]
    four = [
        Scored(a.targets, a.predicted, np.pad(a.probabilities, ((0, 0), (0, 1)))) for a in three
    ]

    assert measure(*four, metric=metric) == measure(*three, metric=metric)


def test_a_rare_class_in_one_group_still_leaves_an_error() -> None:
    candidate, incumbent = answers(classes=2, seed=1), answers(classes=2, seed=2)
    # A third class in one group only: without that group there is no such class.
    pair = [
        Scored(
            np.where(np.arange(120) < 5, 2, a.targets),
            a.predicted,
            np.pad(a.probabilities, ((0, 0), (0, 1))),
        )
        for a in (candidate, incumbent)
    ]

    assert 0 < measure(*pair).error < 1


def test_one_class_alone_has_no_ranking_to_compare() -> None:
    two = answers(classes=2, seed=1)
    alone = Scored(np.zeros_like(two.targets), two.predicted, two.probabilities)

    groups = [str(row) for row in range(120)]
    assert paired_difference(alone, alone, groups=groups, metric="roc_auc", tolerance=0.04) is None


def test_a_ranking_that_rests_on_one_group_cannot_be_compared() -> None:
    two = answers(classes=2, seed=1)
    lone = dataclasses.replace(two, targets=(np.arange(120) < 5).astype(int))
    groups = [str(row // 5) for row in range(120)]

    assert paired_difference(lone, lone, groups=groups, metric="roc_auc", tolerance=0.04) is None


def test_few_pictures_that_agree_do_not_show_that_nothing_is_lost() -> None:
    many, few = np.repeat([0, 1], [100, 100]), np.repeat([0, 1], [100, 8])
    same = [right(each, np.ones(len(each), bool)) for each in (many, few)]

    known, open_question = (measure(each, each, groups=len(each.targets)) for each in same)

    assert known.value == open_question.value == 0.0
    # Losing 0.04 in one of two classes is 8 % of its pictures.
    assert known.error == pytest.approx(np.sqrt(0.08 * 0.92 / 100) / 2)
    assert open_question.error == pytest.approx(np.sqrt(0.08 * 0.92 / 8) / 2)
    assert known.reach(0.95) < 0.04 < open_question.reach(0.95)


def test_the_least_error_is_of_what_the_figure_loses() -> None:
    targets = np.repeat([0, 1, 2], [200, 60, 40])
    answer = right(targets, np.ones(300, bool))
    whole = least_error(answer, metric="accuracy", loss=0.04)
    classes = least_error(answer, metric="balanced_accuracy", loss=0.04)
    assert whole == pytest.approx(np.sqrt(0.04 * 0.96 / 300))
    assert classes == pytest.approx(np.sqrt(0.12 * 0.88 / 40) / 3)
    # No class can be more uncertain than when half of it is lost.
    most = least_error(answer, metric="balanced_accuracy", loss=0.3)
    assert most == pytest.approx(np.sqrt(0.5 * 0.5 / 40) / 3)
    assert least_error(answer, metric="balanced_accuracy", loss=0.0) == 0.0
    # A class that no picture is of counts for nothing, one with a single picture for much.
    lone = right(np.array([0, 0, 0, 2]), np.ones(4, bool))
    assert least_error(lone, metric="balanced_accuracy", loss=0.1) == pytest.approx(
        np.sqrt(0.2 * 0.8 / 1) / 2
    )


def test_two_models_that_agree_are_as_uncertain_as_their_figure_says() -> None:
    targets = np.repeat([0, 1], [280, 20])
    same = right(targets, np.ones(300, bool))
    for metric in ("accuracy", "balanced_accuracy"):
        found = measure(same, same, groups=300, metric=metric)
        assert found.error == least_error(same, metric=metric, loss=0.04)


def test_a_ranking_keeps_its_own_error_unless_there_is_none() -> None:
    good, other = (answers(classes=2, seed=seed, sharpness=3) for seed in (1, 2))
    found = measure(good, other, groups=120, metric="roc_auc")
    same = measure(good, good, groups=120, metric="roc_auc")
    assert found.error < least_error(good, metric="roc_auc", loss=0.04)
    assert same.error == least_error(good, metric="roc_auc", loss=0.04)


def test_the_reach_shrinks_with_pictures_and_grows_with_confidence_and_fewer_groups() -> None:
    found = PairedDifference(0.9, 0.9, error=0.02, degrees=9.0)
    assert found.reach(0.95) == pytest.approx(0.02 * 1.8331, abs=1e-5)
    assert found.reach(0.9) == pytest.approx(0.02 * 1.3830, abs=1e-5)
    # Four times as much: 39 degrees and half the error.
    assert found.reach(0.95, more=4.0) == pytest.approx(0.01 * 1.6849, abs=1e-5)


def test_degrees_are_those_of_the_scarcer_class() -> None:
    targets = np.repeat([0, 1], [100, 5])
    random = np.random.default_rng(0)
    pair = [right(targets, random.random(105) < 0.8) for _ in range(2)]
    assert measure(*pair, groups=105).degrees == pytest.approx(4 / (1 / 100 + 1 / 5) - 1)
    assert measure(*pair, groups=105, metric="accuracy").degrees == pytest.approx(104)
    # Two groups, or one that holds nearly everything: one degree, not less.
    assert measure(*pair, groups=2, metric="accuracy").degrees == pytest.approx(1.0)
