from typing import Any

import numpy as np
import pytest

from components.common.statistics import folds as folds_module
from components.common.statistics.folds import Fold, covering_folds, grouped_folds


def test_no_group_is_on_both_sides_and_every_picture_is_judged_once() -> None:
    labels = np.arange(40) % 2
    groups = np.array([f"g{i // 5}" for i in range(40)], dtype=object)
    folds = grouped_folds(labels, groups, folds=4, seed=0)
    assert len(folds) == 4
    assert sorted(np.concatenate([fold.outer for fold in folds])) == list(range(40))
    for fold in folds:
        assert not set(groups[fold.inner]) & set(groups[fold.outer])


def test_a_class_in_two_groups_lowers_the_folds_and_one_in_a_single_group_allows_none() -> None:
    labels = np.array([0] * 8 + [1] * 4)
    groups = np.array(["a", "b", "c", "d"] * 2 + ["a", "a", "b", "b"], dtype=object)
    assert 1 <= len(grouped_folds(labels, groups, folds=4, seed=0)) <= 2
    groups[8:] = "a"
    assert grouped_folds(labels, groups, folds=4, seed=0) == ()


def test_folds_with_too_few_classes_to_judge_by_are_dropped() -> None:
    # Each group is of one class, so that some folds judge by one class alone.
    labels = np.repeat([0, 0, 0, 0, 1, 1], 5)
    groups = np.repeat(["a", "b", "c", "d", "e", "f"], 5).astype(object)
    dealt = grouped_folds(labels, groups, folds=2, seed=0)
    whole = grouped_folds(labels, groups, folds=2, seed=0, judged_classes=2)
    assert len(dealt) == 2
    assert all(len(np.unique(labels[fold.outer])) == 2 for fold in whole)
    assert grouped_folds(labels, groups, folds=2, seed=0, judged_classes=3) == ()


def test_equal_seeds_deal_equal_folds_and_another_seed_others() -> None:
    labels = np.arange(40) % 2
    groups = np.array([f"g{i // 2}" for i in range(40)], dtype=object)

    def dealt(seed: int) -> list[list[int]]:
        return [fold.outer.tolist() for fold in grouped_folds(labels, groups, folds=4, seed=seed)]

    assert dealt(3) == dealt(3)
    assert dealt(3) != dealt(4)


def test_a_fold_may_judge_by_one_class_and_never_fits_without_one() -> None:
    # Class 1 lies in two groups, so that a fold of three may judge by class 0 alone.
    labels = np.repeat([0, 0, 0, 0, 1, 1], 5)
    groups = np.repeat(["a", "b", "c", "d", "e", "f"], 5).astype(object)
    for seed in range(10):
        folds = grouped_folds(labels, groups, folds=2, seed=seed)
        assert [len(np.unique(labels[fold.inner])) for fold in folds] == [2] * len(folds)
    alone = np.array(["a", "b", "c"] * 2, dtype=object)
    assert len(grouped_folds(np.array([0, 0, 0, 1, 1, 1]), alone, folds=3, seed=0)) == 3


@pytest.mark.filterwarnings("error")
def test_a_class_with_fewer_pictures_than_folds_warns_nobody() -> None:
    labels = np.array([0] * 8 + [1] * 4)
    groups = np.array(["a", "b", "c", "d"] * 2 + ["a", "a", "b", "b"], dtype=object)
    grouped_folds(labels, groups, folds=4, seed=0)


def test_covering_folds_are_dealt_again_until_none_is_dropped() -> None:
    labels = np.array([1, 0, 0, 1, 0, 0, 1])
    groups = np.array(list("cbbbdbb"), dtype=object)
    assert len(grouped_folds(labels, groups, folds=2, seed=0)) == 1
    folds = covering_folds(labels, groups, folds=3, seed=0)
    wanted = grouped_folds(labels, groups, folds=2, seed=1)
    assert [fold.outer.tolist() for fold in folds] == [fold.outer.tolist() for fold in wanted]
    assert sorted(np.concatenate([fold.outer for fold in folds])) == list(range(7))
    assert all(set(labels[fold.inner]) == {0, 1} for fold in folds)


def test_covering_folds_are_as_many_as_asked_for_where_the_groups_allow() -> None:
    labels = np.arange(40) % 2
    groups = np.array([f"g{i // 5}" for i in range(40)], dtype=object)
    assert [len(covering_folds(labels, groups, folds=n, seed=0)) for n in (2, 3, 8)] == [2, 3, 8]
    # Eight groups of each class allow no more.
    assert len(covering_folds(labels, groups, folds=20, seed=0)) == 8


def test_there_are_no_covering_folds_where_no_deal_serves() -> None:
    one_group = np.array(["a", "b", "b"], dtype=object)
    assert covering_folds(np.array([1, 0, 0]), one_group, folds=3, seed=0) == ()
    labels = np.array([1, 0, 0, 0, 1, 0])
    groups = np.array(list("ccbbab"), dtype=object)
    assert covering_folds(labels, groups, folds=3, seed=0) == ()


def test_covering_folds_become_fewer_only_after_every_deal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = np.arange(12) % 2
    groups = np.array([f"g{i // 2}" for i in range(12)], dtype=object)
    asked: list[tuple[int, int]] = []
    deal = folds_module.grouped_folds

    def three_fail(*data: Any, folds: int, seed: int) -> tuple[Fold, ...]:
        asked.append((folds, seed))
        return deal(*data, folds=folds, seed=seed)[: 2 if folds == 3 else None]

    monkeypatch.setattr(folds_module, "grouped_folds", three_fail)
    assert len(covering_folds(labels, groups, folds=3, seed=7)) == 2
    deals = folds_module._DEALS
    assert asked == [*((3, seed) for seed in range(7, 7 + deals)), (2, 7)]
