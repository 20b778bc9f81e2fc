import numpy as np
import pytest

from components.label.farthest_first import choose_farthest, uncertainties

NONE = np.zeros((0, 2))


def test_margin_and_entropy_are_one_where_the_model_cannot_decide() -> None:
    scores = np.array([[0.5, 0.5], [1.0, 0.0], [0.8, 0.2], [np.nan, np.nan]])
    assert uncertainties(scores, "margin") == pytest.approx([1.0, 0.0, 0.4, 1.0], abs=1e-9)
    entropy = uncertainties(scores, "entropy")
    assert entropy[[0, 1, 3]] == pytest.approx([1.0, 0.0, 1.0], abs=1e-9)
    assert 0.6 < entropy[2] < 0.8
    three = uncertainties(np.full((1, 3), 1 / 3), "entropy")
    assert three == pytest.approx([1.0])


def test_a_log_without_scores_leaves_only_diversity() -> None:
    assert uncertainties(np.zeros((4, 0)), "margin").tolist() == [1.0] * 4


def test_the_most_uncertain_comes_first_and_every_cluster_is_met() -> None:
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [10, 0], [0, 10], [10, 10]])
    features = np.concatenate([centre + rng.normal(0, 0.3, (50, 2)) for centre in centres])
    uncertainty = rng.uniform(0.2, 0.6, 200)
    uncertainty[120] = 1.0
    chosen = choose_farthest(features, uncertainty, count=4, before=NONE)
    assert chosen[0] == 120
    assert {row // 50 for row in chosen} == {0, 1, 2, 3}


def test_between_equally_distant_pictures_the_uncertain_one_is_asked() -> None:
    features = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    chosen = choose_farthest(features, np.array([1.0, 0.1, 0.9, 0.1, 0.1]), count=2, before=NONE)
    assert chosen == [0, 2]


def test_near_duplicates_are_asked_once() -> None:
    rng = np.random.default_rng(1)
    apart = rng.normal(0, 1, (10, 8))
    burst = apart[:1] + rng.normal(0, 1e-3, (30, 8))
    chosen = choose_farthest(
        np.concatenate([apart, burst]), np.ones(40), count=40, before=NONE.repeat(4, 1)
    )
    assert len(chosen) == 10
    assert sum(row == 0 or row >= 10 for row in chosen) == 1


def test_what_was_asked_before_is_not_asked_in_another_guise() -> None:
    rng = np.random.default_rng(2)
    features = rng.normal(0, 1, (20, 4))
    before = features[:5] + 1e-4
    chosen = choose_farthest(features, np.ones(20), count=20, before=before)
    assert sorted(chosen) == list(range(5, 20))


def test_some_come_first_but_each_scene_of_them_once() -> None:
    rng = np.random.default_rng(4)
    features = rng.normal(size=(40, 3))
    features[5:10] = features[5]
    first = np.zeros(40, dtype=bool)
    first[5:12] = True
    chosen = choose_farthest(
        features, np.full(40, 0.5), count=8, before=np.empty((0, 3)), first=first
    )
    assert set(chosen[:3]) == {5, 10, 11} and len(chosen) == 8
    assert not first[chosen[3:]].any()


def test_nothing_and_one() -> None:
    assert choose_farthest(NONE, np.zeros(0), count=5, before=NONE) == []
    assert choose_farthest(np.zeros((1, 2)), np.ones(1), count=5, before=NONE) == [0]
    # Equal rows are one picture.
    assert choose_farthest(np.zeros((6, 2)), np.ones(6), count=5, before=NONE) == [0]
