import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from components.common.statistics.figures import Scored
from components.gate.paired import paired_difference


def answers(*, classes: int, seed: int, sharpness: float = 1.0, pictures: int = 120) -> Scored:
    random = np.random.default_rng(seed)
    targets = np.arange(pictures) % classes
    logits = random.normal(size=(pictures, classes))
    logits[np.arange(pictures), targets] += sharpness
    # Rounded, so that ties occur.
    scores = np.round(np.exp(logits), 1) + 0.1
    scores /= scores.sum(axis=1, keepdims=True)
    return Scored(targets, scores.argmax(axis=1), scores)


def measure(candidate: Scored, incumbent: Scored, *, groups: int = 24, **changes: object):
    settings = {
        "groups": (np.arange(len(candidate.targets)) // (len(candidate.targets) // groups)).astype(
            object
        ),
        "metric": "balanced_accuracy",
        "confidence": 0.95,
        "resamples": 500,
        "seed": 0,
    }
    return paired_difference(candidate, incumbent, **{**settings, **changes})  # type: ignore[arg-type]


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


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # Two equally good models: the true difference is 0.
    covered = [
        found.low <= 0.0 <= found.high
        for seed in range(100)
        if (
            found := measure(
                answers(classes=2, seed=2 * seed), answers(classes=2, seed=2 * seed + 1)
            )
        )
    ]

    assert len(covered) == 100
    assert 0.87 <= np.mean(covered) <= 1.0


def test_pictures_of_one_group_count_as_one_observation() -> None:
    # Every picture eight times, as photographs of the same part: no new evidence.
    once = [answers(classes=2, seed=seed) for seed in (1, 2)]
    eightfold = [
        Scored(*(np.repeat(part, 8, axis=0) for part in (a.targets, a.predicted, a.probabilities)))
        for a in once
    ]

    single = measure(*once, groups=120)
    repeated = measure(*eightfold, groups=120)

    assert repeated.high - repeated.low == pytest.approx(single.high - single.low, rel=0.01)


def test_the_same_seed_gives_the_same_interval_in_any_chunking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pair = answers(classes=2, seed=1), answers(classes=2, seed=2)
    whole = measure(*pair)
    monkeypatch.setattr("components.common.statistics.bootstrap._CELLS_AT_ONCE", 120 * 7)

    assert measure(*pair) == whole
    assert measure(*pair, seed=1) != whole


@pytest.mark.parametrize("metric", ["balanced_accuracy", "roc_auc"])
def test_a_class_without_pictures_changes_nothing(metric: str) -> None:
    three = [answers(classes=3, seed=seed) for seed in (1, 2)]
    four = [
        Scored(a.targets, a.predicted, np.pad(a.probabilities, ((0, 0), (0, 1)))) for a in three
    ]

    assert measure(*four, metric=metric) == measure(*three, metric=metric)


def test_a_rare_class_that_many_resamples_miss_still_leaves_an_interval() -> None:
    candidate, incumbent = answers(classes=2, seed=1), answers(classes=2, seed=2)
    # A third class in one group only: a third of the resamples do not hold it.
    pair = [
        Scored(
            np.where(np.arange(120) < 5, 2, a.targets),
            a.predicted,
            np.pad(a.probabilities, ((0, 0), (0, 1))),
        )
        for a in (candidate, incumbent)
    ]

    found = measure(*pair)

    assert found is not None
    assert found.low < found.value < found.high


def test_one_class_alone_has_no_ranking_to_compare() -> None:
    two = answers(classes=2, seed=1)
    alone = Scored(np.zeros_like(two.targets), two.predicted, two.probabilities)

    assert measure(alone, alone, metric="roc_auc") is None
