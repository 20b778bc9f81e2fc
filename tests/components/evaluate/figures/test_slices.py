"""A bad part is found; where there is none, none is."""

import numpy as np
import pytest

from components.common.artifacts.judging.figures import Slice
from components.common.statistics.figures import Scored
from components.evaluate.figures.parts import EvidencePart
from components.evaluate.figures.slices import holm, measure_slices


def _measured(
    right: np.ndarray, parts: list[EvidencePart], groups: list[str] | None = None
) -> tuple[Slice, ...]:
    targets = np.arange(len(right)) % 2
    predicted = np.where(right, targets, 1 - targets)
    answers = Scored(targets, predicted, np.eye(2)[predicted] * 0.6 + 0.2, positive=1)
    paths = [f"{number}.png" for number in range(len(right))]
    return measure_slices(answers, parts, groups or paths, paths)


def _random_parts(random: np.random.Generator, groups: int, each: int) -> list[EvidencePart]:
    """Twenty parts: half are groups that share an attribute, half are pictures from anywhere."""
    of_groups = [np.repeat(random.random(groups) < 0.3, each) for _ in range(10)]
    of_pictures = [random.random(groups * each) < 0.2 for _ in range(10)]
    masks = [*of_groups, *of_pictures]
    return [EvidencePart(f"part {number}", "column", mask) for number, mask in enumerate(masks)]


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_exchangeable_pictures_have_no_worse_part(spread: float) -> None:
    flagged = 0
    for trial in range(40):
        random = np.random.default_rng(trial)
        easy = np.repeat(2.0 + spread * random.normal(size=30), 8)
        right = random.random(240) < 1 / (1 + np.exp(-easy))
        groups = [f"g{number // 8}" for number in range(240)]
        found = _measured(right, _random_parts(random, 30, 8), groups)
        flagged += any(part.worse for part in found)
    # At most one in twenty is promised; 40 trials give six or more by chance once in 70.
    assert flagged <= 5


def test_a_planted_bad_part_is_found_among_twenty_with_examples() -> None:
    found = 0
    for trial in range(20):
        random = np.random.default_rng(trial)
        parts = _random_parts(random, 40, 8)
        planted = parts[0].mask
        right = random.random(320) < np.where(planted, 0.55, 0.9)
        groups = [f"g{number // 8}" for number in range(320)]
        first, *rest = _measured(right, parts, groups)
        found += first.worse and not any(part.worse for part in rest)
        assert first.difference is not None
        assert first.difference.low <= first.difference.value <= first.difference.high
        assert first.difference.value == pytest.approx(
            right[planted].mean() - right[~planted].mean()
        )
        wrong = {f"{number}.png" for number in np.flatnonzero(planted & ~right)}
        assert set(first.examples) <= wrong
        assert len(first.examples) == 6
    assert found >= 15


def test_mistakes_of_one_group_are_no_evidence() -> None:
    right = np.ones(200, dtype=bool)
    right[:20] = False  # all of one group, which makes half of the part
    groups = [f"g{number // 20}" for number in range(200)]
    part = EvidencePart("line: 2", "column", np.arange(200) < 60)
    assert not _measured(right, [part], groups)[0].worse
    alone = [str(number) for number in range(200)]
    assert _measured(right, [part], alone)[0].worse


def test_small_parts_are_shown_only_where_they_are_domains() -> None:
    right = np.arange(60) % 7 != 0
    few = np.arange(60) < 4
    found = _measured(
        right, [EvidencePart("oven", "domain", few), EvidencePart("x: 1", "column", few)]
    )
    assert [(part.name, part.difference, part.worse) for part in found] == [("oven", None, False)]


def test_all_wrong_against_all_right_is_worse() -> None:
    right = np.arange(60) >= 20
    (found,) = _measured(right, [EvidencePart("line: 2", "column", ~right)])
    assert found.worse
    assert found.difference is not None
    assert found.difference.value == -1.0
    assert found.difference.high < -0.5


def test_holm_stops_at_the_first_that_stands() -> None:
    assert holm([]) == []
    assert holm([0.02, 0.024]) == [True, True]
    assert holm([0.026, 0.001, 0.9]) == [False, True, False]
