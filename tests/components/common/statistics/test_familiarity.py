import numpy as np
import pytest

from components.common.statistics.familiarity import distances, farthest_familiar, unit


def embedded(
    rng: np.random.Generator, groups: int, *, between: float
) -> tuple[np.ndarray, list[str]]:
    """Ten pictures a group around a common centre, 32 features."""
    centres = 5.0 * (np.arange(32) < 16) + between * rng.normal(size=(groups, 32))
    pictures = centres[:, None] + rng.normal(size=(groups, 10, 32))
    return pictures.reshape(-1, 32), [str(group) for group in np.repeat(np.arange(groups), 10)]


def test_the_distance_is_that_to_the_nearest() -> None:
    known = unit(np.array([[3.0, 0.0], [0.0, 5.0]]))
    found = distances(np.array([[2.0, 0.0], [1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]]), known)
    np.testing.assert_allclose(found, [0, 1 - 0.5**0.5, 1 + 0.5**0.5, 1], atol=1e-6)
    rooted = distances(np.array([[4.0, 1.0]]), known)
    np.testing.assert_allclose(rooted, [1 - 2 / 5**0.5], atol=1e-6)


@pytest.mark.parametrize("between", [0.2, 1.0])
def test_new_groups_are_familiar_and_other_things_are_not(between: float) -> None:
    rng = np.random.default_rng(1)
    false, true = [], []
    for _ in range(30):
        pictures, groups = embedded(rng, 20, between=between)
        known = unit(pictures)
        bound = farthest_familiar(known, groups)
        false.append((distances(embedded(rng, 20, between=between)[0], known) > bound).mean())
        true.append((distances(rng.normal(size=(50, 32)), known) > bound).mean())
    assert np.mean(false) < 0.04
    assert np.mean(true) > 0.95


def test_pictures_of_one_group_do_not_make_the_bound_tight() -> None:
    pictures, groups = embedded(np.random.default_rng(2), 8, between=2.0)
    known = unit(pictures)
    apart = farthest_familiar(known, groups)
    mixed = farthest_familiar(known, [str(number) for number in range(80)])
    assert apart > 1.3 * mixed


def test_few_groups_leave_room_for_one_that_is_farther() -> None:
    pictures, groups = embedded(np.random.default_rng(3), 12, between=1.0)
    known = unit(pictures)
    few, many = farthest_familiar(known[:30], groups[:30]), farthest_familiar(known, groups)
    assert few > many


def test_one_group_makes_nothing_strange() -> None:
    known = unit(np.array([[1.0, 0.0], [1.0, 0.1], [1.0, 1.0]]))
    assert farthest_familiar(known, ["a", "a", "a"]) == 2.0
