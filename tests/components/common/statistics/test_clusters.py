import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.common.statistics.clusters import between_groups, clusters, count_clusters, units

GROUPS = st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=30)


@given(GROUPS)
def test_a_name_is_a_cluster_and_a_picture_without_one_stands_for_itself(groups: list[str]) -> None:
    count = len(set(groups) - {""}) + groups.count("")
    index = clusters(groups).tolist()
    assert count_clusters(groups) == count
    assert sorted(set(index)) == list(range(count))
    for name in set(groups) - {""}:
        assert len({index[place] for place, each in enumerate(groups) if each == name}) == 1


@given(GROUPS)
def test_pictures_count_one_by_one_where_there_is_one_cluster(groups: list[str]) -> None:
    alone = count_clusters(groups) == 1
    expected = list(range(len(groups))) if alone else clusters(groups).tolist()
    assert units(groups).tolist() == expected


def test_the_spread_between_groups_is_that_of_their_means_and_a_tenth_of_the_pictures() -> None:
    # Groups of unequal size: each counts once. The second feature does not differ between them.
    groups = np.array(["a", "a", "a", "b", "c"])
    values = np.array([[0.0, 1.0], [3.0, 5.0], [6.0, 9.0], [3.0, 5.0], [9.0, 5.0]])
    expected = [8.0**0.5, 0.0] + 0.1 * values.std(axis=0)  # the means of the first are 3, 3 and 9
    assert between_groups(values, groups) == pytest.approx(expected)


def test_where_each_picture_is_a_group_their_spread_is_the_pictures() -> None:
    values = np.array([[0.0, 1.0], [3.0, 1.0], [9.0, 4.0]])
    found = between_groups(values, np.array(["a", "b", "c"]))
    assert found == pytest.approx(1.1 * values.std(axis=0))
