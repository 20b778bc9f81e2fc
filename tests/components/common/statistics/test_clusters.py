from hypothesis import given
from hypothesis import strategies as st

from components.common.statistics.clusters import clusters, count_clusters, units

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
