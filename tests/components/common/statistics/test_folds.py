import numpy as np

from components.common.statistics.folds import grouped_folds


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
