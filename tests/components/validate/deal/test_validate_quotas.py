"""Numbers are bent until the shares are met, and what a split must hold before it decides."""

import doctest
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from components.common.artifacts.dataset import SPLITS
from components.validate.config import ValidateConfig
from components.validate.deal import evidence, quotas
from components.validate.deal.quotas import Shares, levelled

SHARES = Shares(0.25, 0.15)
LATE, EARLY = 0.9, 0.01


@pytest.mark.parametrize(
    ("number", "split"),
    [
        (0.0, "test"),
        (0.2499, "test"),
        (0.25, "validation"),
        (0.3999, "validation"),
        (0.4, "train"),
        (1.0, "train"),
    ],
)
def test_the_shares_cut_the_numbers(number: float, split: str) -> None:
    assert SHARES.split_of(number) == split


@pytest.mark.parametrize(
    ("number", "distances"),
    [(0.1, (0.0, 0.15, 0.3)), (0.3, (0.05, 0.0, 0.1)), (0.9, (0.65, 0.5, 0.0))],
)
def test_a_distance_is_to_the_nearer_cut(number: float, distances: tuple[float, ...]) -> None:
    found = [SHARES.distance(number, split) for split in ("test", "validation", "train")]
    assert found == pytest.approx(distances)
    assert Shares(0.2, 0.2).distance(1.0, "train") == 0.0


def spread(around: float, count: int) -> np.ndarray:
    return around + np.arange(count) * 1e-4


@pytest.mark.parametrize(
    ("around", "count", "placed", "at_least", "dealt"),
    [
        # Quotas 5 and 3, give or take one.
        (LATE, 20, {}, 0, (4, 2, 14)),
        (EARLY, 20, {}, 0, (6, 4, 10)),
        # A quota of 2 has slack, one below has none.
        (LATE, 8, {}, 0, (1, 1, 6)),
        (LATE, 4, {}, 0, (1, 0, 3)),
        (EARLY, 4, {}, 0, (1, 1, 2)),
        (LATE, 4, {}, 1, (1, 1, 2)),
        (LATE, 1, {}, 1, (1, 0, 0)),
        (LATE, 2, {}, 1, (1, 1, 0)),
        # What is there already counts.
        (LATE, 10, {"validation": 3, "train": 30}, 0, (9, 1, 0)),
        (LATE, 40, {"test": 5, "validation": 5, "train": 30}, 0, (14, 6, 20)),
        (EARLY, 10, {"test": 20}, 0, (0, 6, 4)),
        (LATE, 1, {"test": 1}, 1, (0, 1, 0)),
        (LATE, 1, {"test": 1, "validation": 1}, 1, (0, 0, 1)),
        (EARLY, 10, {"test": 8, "validation": 9}, 0, (0, 0, 10)),
    ],
)
def test_as_few_are_moved_as_the_quotas_ask(
    around: float, count: int, placed: dict[str, int], at_least: int, dealt: tuple[int, ...]
) -> None:
    numbers = spread(around, count)
    bent = levelled(numbers, SHARES, placed=placed, at_least=at_least)
    found = Counter(SHARES.split_of(number) for number in bent)
    assert (found["test"], found["validation"], found["train"]) == dealt
    assert bent.min() >= 0 and bent.max() <= 1
    assert (np.diff(bent) > 0).all()


def test_a_quota_is_not_raised_by_an_error_of_rounding() -> None:
    # 0.07 x 100 is 7.000000000000001.
    shares = Shares(0.07, 0.15)
    bent = levelled(spread(EARLY, 100), shares, placed={})
    assert Counter(shares.split_of(number) for number in bent)["test"] == 8


def test_numbers_that_meet_their_quotas_stay_and_others_keep_their_distances() -> None:
    even = (np.arange(20) + 0.5) / 20
    assert levelled(even, SHARES, placed={}) is even
    bent = levelled(np.array([0.3, 0.05, 0.1, 0.2]), SHARES, placed={}, at_least=1)
    # The cuts lie at 0.075 and 0.15, half way between neighbours.
    wanted = [0.4 + 0.6 * 0.15 / 0.85, 0.25 * 0.05 / 0.075, 0.3, 0.4 + 0.6 * 0.05 / 0.85]
    assert bent == pytest.approx(wanted)


def test_the_last_cut_lies_between_the_last_number_and_one() -> None:
    assert levelled(np.array([0.9]), SHARES, placed={}, at_least=1) == pytest.approx(0.225 / 0.95)


def test_no_picture_has_to_reach_a_split_unless_that_is_asked_for() -> None:
    bent = levelled(spread(LATE, 4), SHARES, placed={})
    assert "validation" not in {SHARES.split_of(number) for number in bent}


def test_the_example() -> None:
    found = doctest.testmod(quotas)
    assert (found.attempted > 0, found.failed) == (True, 0)


def rows(test: dict[str, int], *, groups: int = 0, elsewhere: int = 1) -> pd.DataFrame:
    """`elsewhere` training and validation pictures a class, and a test split, in so many groups."""
    splits = [
        (split, label)
        for label, count in test.items()
        for split in [*SPLITS[:-1]] * elsewhere + [SPLITS[-1]] * count
    ]
    made = pd.DataFrame(splits, columns=["split", "label"])
    made["pixels"] = [f"{number}" for number in range(len(made))]
    numbers = made.groupby("split").cumcount() % max(groups, 1)
    made["group"] = made["pixels"] if not groups else made["split"] + numbers.astype(str)
    return made


@pytest.mark.parametrize(
    ("manifest", "decides"),
    [
        (rows({"good": 290, "bad": 10}), True),
        (rows({"good": 289, "bad": 10}), False),
        (rows({"good": 291, "bad": 9}), False),
        (rows({"good": 290, "bad": 10}, groups=10), True),
        (rows({"good": 290, "bad": 10}, groups=9), False),
        (rows({"good": 300}), False),
        (rows({"good": 290, "bad": 10}, elsewhere=0), False),
    ],
)
def test_a_test_split_decides_from_so_many_pictures_and_groups_on(
    manifest: pd.DataFrame, decides: bool
) -> None:
    chosen = evidence.chosen(
        manifest, ("good", "bad"), ValidateConfig(evidence="auto"), given=False
    )
    assert chosen == ("holdout" if decides else "cross_validation")


@pytest.mark.parametrize("lacking", SPLITS)
def test_a_class_has_to_be_in_every_split(lacking: str) -> None:
    whole = rows({"good": 290, "bad": 20})
    part = whole[(whole["split"] != lacking) | (whole["label"] != "bad")]
    chosen = evidence.chosen(part, ("good", "bad"), ValidateConfig(evidence="auto"), given=False)
    assert chosen == "cross_validation"
