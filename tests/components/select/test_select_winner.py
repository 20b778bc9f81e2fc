"""The rule by which a winner is chosen, as a table."""

import pytest

from components.common.artifacts.tuning.selection import Measured
from components.select.config import SelectConfig
from components.select.winner import choose, pareto_front

ONE_ERROR = SelectConfig(noise_errors=1.0, latency_tolerance=0.1)


def measured(
    key: str, quality: float, latency_ms: float, size_mb: float = 10.0, noise: float = 0.01
) -> Measured:
    return Measured(
        key=key,
        name=key,
        quality=quality,
        noise=noise,
        latency_ms=latency_ms,
        parameters=int(size_mb * 250_000),
        size_mb=size_mb,
    )


BEST = measured("best", 0.90, 100.0, noise=0.0)


@pytest.mark.parametrize(
    ("others", "winner"),
    [
        ([], "best"),
        ([measured("close", 0.895, 50.0)], "close"),  # within the noise and quicker
        ([measured("at_the_edge", 0.89, 50.0, noise=0.0100001)], "at_the_edge"),
        ([measured("worse", 0.88, 5.0)], "best"),  # quicker, but truly worse
        ([measured("sure", 0.895, 50.0, noise=0.001)], "best"),  # a small gap that is no noise
        ([measured("slower", 0.895, 150.0)], "best"),  # beaten in everything
        ([measured("smaller", 0.895, 100.0, 5.0)], "best"),  # as quick: the better one
        ([measured("same_time", 0.895, 95.0)], "best"),  # 5 % quicker counts as equal
        ([measured("same", 0.90, 100.0, 5.0, noise=0.0)], "same"),  # equal but smaller
        ([measured("quick", 0.892, 50.0), measured("quicker", 0.891, 20.0)], "quicker"),
        ([measured("a", 0.893, 21.0), measured("b", 0.891, 20.0)], "a"),  # equally quick: better
    ],
)
def test_the_cheapest_of_those_that_cannot_be_told_from_the_best_wins(
    others: list[Measured], winner: str
) -> None:
    for order in ([BEST, *others], [*others, BEST]):
        assert choose(order, ONE_ERROR).winner.key == winner


def test_noise_of_no_width_leaves_only_the_best() -> None:
    strict = SelectConfig(noise_errors=0.0, latency_tolerance=0.1)
    assert choose([BEST, measured("close", 0.899, 1.0)], strict).winner.key == "best"


def test_one_beaten_by_a_finalist_outside_the_noise_cannot_win() -> None:
    noisy = measured("noisy", 0.85, 50.0, noise=0.06)
    sure = measured("sure", 0.88, 40.0, noise=0.001)
    assert choose([BEST, noisy, sure], ONE_ERROR).winner.key == "best"


def test_the_front_holds_whoever_is_first_in_something() -> None:
    small = measured("small", 0.70, 200.0, 1.0)
    quick = measured("quick", 0.80, 10.0)
    beaten = measured("beaten", 0.79, 10.0)
    twin = measured("twin", 0.80, 10.0)
    front = pareto_front([BEST, small, quick, beaten, twin])
    assert [one.key for one in front] == ["best", "small", "quick", "twin"]


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], "the only one"),
        ([measured("worse", 0.5, 5.0)], "no cheaper one is as good"),
        ([measured("close", 0.895, 50.0)], "answers 2.0 times as fast"),
    ],
)
def test_the_reason_says_what_decided(others: list[Measured], words: str) -> None:
    assert words in choose([BEST, *others], ONE_ERROR).reason
