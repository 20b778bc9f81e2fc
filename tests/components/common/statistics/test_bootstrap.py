"""The cluster bootstrap: what is drawn, how wide the spread must be, how much memory it takes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.common.statistics import bootstrap
from components.common.statistics.bootstrap import clusters, count_clusters, interval, resample


def drawn_weights(groups: list[str], *, draws: int, seed: int = 0) -> np.ndarray:
    return resample(
        lambda weights: weights, groups, draws=draws, random=np.random.default_rng(seed)
    )


@given(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=30))
def test_pictures_of_a_group_are_drawn_together_and_as_many_groups_as_there_are(
    groups: list[str],
) -> None:
    count = len(set(groups) - {""}) + groups.count("")
    assert count_clusters(groups) == count
    index = clusters(groups)
    assert sorted(set(index.tolist())) == list(range(count))
    weights = drawn_weights(groups, draws=5)
    if count == 1:
        return
    for cluster in range(count):
        mine = weights[:, index == cluster]
        assert (mine == mine[:, :1]).all()
    firsts = [int(np.flatnonzero(index == cluster)[0]) for cluster in range(count)]
    assert (weights[:, firsts].sum(axis=1) == count).all()


def test_with_one_group_single_pictures_are_drawn() -> None:
    weights = drawn_weights(["a"] * 50, draws=20)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.std() > 0


def test_one_picture_is_drawn_every_time() -> None:
    assert drawn_weights(["a"], draws=3).tolist() == [[1.0], [1.0], [1.0]]


@pytest.mark.parametrize("cells", [1, 7 * 40, 10**9])
def test_the_parts_change_no_draw_and_bound_the_memory(
    monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    groups = [str(number // 4) for number in range(40)]
    whole = drawn_weights(groups, draws=100)
    sizes: list[int] = []

    def statistic(weights: np.ndarray) -> np.ndarray:
        sizes.append(weights.size)
        return weights

    monkeypatch.setattr(bootstrap, "_CELLS_AT_ONCE", cells)
    parts = resample(statistic, groups, draws=100, random=np.random.default_rng(0))
    np.testing.assert_array_equal(parts, whole)
    assert max(sizes) <= max(cells, 40)


def test_the_spread_is_that_of_a_mean_over_groups() -> None:
    values = np.repeat(np.random.default_rng(1).normal(size=60), 25)
    means = resample(
        lambda weights: weights @ values / weights.sum(axis=1),
        [str(number // 25) for number in range(len(values))],
        draws=4000,
        random=np.random.default_rng(0),
    )
    assert means.std() == pytest.approx(values[::25].std() / np.sqrt(60), rel=0.05)


def test_an_interval_needs_half_of_the_draws() -> None:
    values = np.array([1.0, 2.0, np.nan, np.nan])
    assert interval(values, confidence=0.5) == (1.25, 1.75)
    assert interval(np.append(values, np.nan)) is None
