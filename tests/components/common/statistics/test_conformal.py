import numpy as np
import pytest

from components.common.statistics.conformal import lower_bound


def simulated(
    rng: np.random.Generator, groups: int, between: float
) -> tuple[np.ndarray, list[str]]:
    """20 scores a group, whose groups differ by `between` times their spread inside."""
    centres = rng.normal(0, between, groups)
    scores = (centres[:, None] + rng.normal(0, 1, (groups, 20))).ravel()
    return scores, [str(group) for group in np.repeat(np.arange(groups), 20)]


@pytest.mark.parametrize("groups", [5, 10, 44])
@pytest.mark.parametrize("between", [0.0, 1.0])
def test_new_groups_keep_to_the_rate(groups: int, between: float) -> None:
    rng = np.random.default_rng(3)
    below = []
    for _ in range(200):
        bound = lower_bound(*simulated(rng, groups, between), rate=0.1)
        below.append((simulated(rng, 20, between)[0] < bound).mean())
    assert 0.075 < np.mean(below) < 0.12


def test_a_plain_quantile_lets_more_through_in_few_groups() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(200):
        scores, names = simulated(rng, 5, 1.0)
        plain = lower_bound(scores, [str(number) for number in range(len(scores))], rate=0.1)
        found.append((lower_bound(scores, names, rate=0.1), plain))
    grouped, plain_bounds = np.array(found).T
    assert (grouped <= plain_bounds).all() and (grouped < plain_bounds).mean() > 0.3


@pytest.mark.parametrize(("pictures", "groups"), [(8, 8), (40, 1), (0, 0)])
def test_too_few_allow_no_promise(pictures: int, groups: int) -> None:
    names = [str(number % max(groups, 1)) for number in range(pictures)]
    assert lower_bound(np.arange(float(pictures)), names, rate=0.1) == -np.inf


def test_many_groups_are_left_out_several_at_a_time() -> None:
    scores = np.random.default_rng(5).normal(size=5000)
    bound = lower_bound(scores, [str(number) for number in range(5000)], rate=0.1)
    assert (scores < bound).mean() == pytest.approx(0.1, abs=0.005)
