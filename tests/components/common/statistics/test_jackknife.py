"""Leaving out groups: what is left out, how large the error must be, how much memory it takes."""

import numpy as np
import pytest

from components.common.statistics import jackknife as module
from components.common.statistics.jackknife import MOST_BLOCKS, blocks, jackknife

NO_CLASS = np.zeros(40, dtype=np.int64)


def mean_of(values: np.ndarray):
    return lambda weights: (weights @ values / weights.sum(axis=1))[:, None]


def test_each_group_is_left_out_once_and_whole() -> None:
    groups = [f"g{number // 4}" for number in range(40)]
    seen: list[np.ndarray] = []

    def statistic(weights: np.ndarray) -> np.ndarray:
        seen.append(weights)
        return weights.sum(axis=1)[:, None]

    found = jackknife(statistic, groups, NO_CLASS)

    without = np.concatenate(seen[1:])
    assert seen[0].tolist() == [[1.0] * 40]
    assert without.shape == (10, 40)
    assert (without.reshape(10, 10, 4) == (1 - np.eye(10))[:, :, None]).all()
    assert (found.values[0], found.degrees) == (40.0, 9)


def test_the_error_of_a_mean_is_the_textbooks() -> None:
    means = np.random.default_rng(1).normal(size=12)
    values = np.repeat(means, 5)
    groups = [str(number // 5) for number in range(60)]

    found = jackknife(mean_of(values), groups, np.zeros(60, dtype=np.int64))

    assert found.errors[0] == pytest.approx(means.std(ddof=1) / np.sqrt(12))
    assert found.biases[0] == pytest.approx(0.0, abs=1e-12)


def test_the_bias_of_a_plain_variance_is_found() -> None:
    values = np.random.default_rng(1).normal(size=40)
    second = mean_of(values**2)
    first = mean_of(values)

    found = jackknife(lambda w: second(w) - first(w) ** 2, [""] * 40, NO_CLASS)

    # The mean square about the sample's own mean is too small by variance / N.
    assert found.biases[0] == pytest.approx(-values.var(ddof=1) / 40)


def test_each_figure_has_its_own_error_and_rounding_is_none() -> None:
    values = np.random.default_rng(1).normal(size=(40, 2))

    def statistic(weights: np.ndarray) -> np.ndarray:
        first, second = (mean_of(column)(weights) for column in values.T)
        # The third is as good as constant: its replicates differ by rounding alone.
        return np.concatenate([first, 100.0 + second, 1.0 + 1e-12 * first], axis=1)

    found = jackknife(statistic, [""] * 40, NO_CLASS)

    assert found.errors[:2] == pytest.approx(values.std(axis=0, ddof=1) / np.sqrt(40))
    assert found.errors[2] == 0.0
    assert found.biases == pytest.approx(np.zeros(3), abs=1e-9)


def test_with_one_group_single_pictures_are_left_out() -> None:
    values = np.arange(40.0)
    found = jackknife(mean_of(values), ["a"] * 40, NO_CLASS)
    assert found.errors[0] == pytest.approx(values.std(ddof=1) / np.sqrt(40))


def test_one_picture_has_a_value_and_no_error() -> None:
    found = jackknife(mean_of(np.array([3.0])), ["a"], np.zeros(1, dtype=np.int64))
    assert found.values.tolist() == [3.0]
    assert np.isnan([*found.errors, *found.biases]).all()
    assert found.degrees == 0


def test_what_rests_on_one_group_has_no_error() -> None:
    values = np.array([1.0, np.nan, 2.0])

    def lost_with_the_first(weights: np.ndarray) -> np.ndarray:
        return np.where(weights[:, 0] > 0, 1.0, np.nan)[:, None]

    assert np.isnan(jackknife(lost_with_the_first, ["a", "b", "c"], NO_CLASS[:3]).errors[0])
    assert np.isnan(jackknife(mean_of(values), ["a", "b", "c"], NO_CLASS[:3]).values[0])


@pytest.mark.parametrize("cells", [1, 7 * 40, 10**9])
def test_the_parts_change_nothing_and_bound_the_memory(
    monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    values = np.random.default_rng(0).normal(size=40)
    whole = jackknife(mean_of(values), [""] * 40, NO_CLASS)
    sizes: list[int] = []

    def statistic(weights: np.ndarray) -> np.ndarray:
        sizes.append(weights.size)
        return mean_of(values)(weights)

    monkeypatch.setattr(module, "_CELLS_AT_ONCE", cells)
    parts = jackknife(statistic, [""] * 40, NO_CLASS)
    assert parts.errors == pytest.approx(whole.errors)
    assert max(sizes) <= max(cells, 40)


def test_many_groups_are_put_together_evenly_with_their_classes_spread() -> None:
    classes = np.repeat([0, 1, 2], [700, 200, 100]).astype(np.int64)

    block = blocks([""] * 1000, classes)

    sizes = np.bincount(block)
    assert len(sizes) == MOST_BLOCKS and set(sizes) == {5}
    for each, most in ((0, 4), (1, 1), (2, 1)):
        assert np.bincount(block[classes == each], minlength=MOST_BLOCKS).max() == most
    assert (blocks([""] * 1000, classes) == block).all()
    # Not in the order of the table, where neighbours may be alike.
    assert (np.diff(block[:700]) != 1).mean() > 0.9


def test_groups_stay_whole_when_they_are_put_together() -> None:
    groups = [f"g{number // 2}" for number in range(1000)]
    block = blocks(groups, np.zeros(1000, dtype=np.int64))
    assert (block[::2] == block[1::2]).all()
    # 500 groups: three at a time.
    assert set(np.bincount(block).tolist()) <= {4, 6}
    assert block.max() == 166


def test_up_to_two_hundred_groups_each_is_left_out_alone() -> None:
    assert np.bincount(blocks([""] * 200, np.zeros(200, dtype=np.int64))).tolist() == [1] * 200
    assert blocks([""] * 201, np.zeros(201, dtype=np.int64)).max() == 100


def test_errors_from_blocks_are_those_of_single_pictures() -> None:
    values = np.random.default_rng(3).normal(size=2400)
    found = jackknife(mean_of(values), [""] * 2400, np.zeros(2400, dtype=np.int64))
    assert found.degrees == 199
    assert found.errors[0] == pytest.approx(values.std() / np.sqrt(2400), rel=0.1)
