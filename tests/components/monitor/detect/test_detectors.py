"""What single detectors say of windows whose answer is known."""

import dataclasses

import numpy as np
import pytest
from tiny_observations import observe

from components.common.artifacts.monitoring.observations import Observations
from components.common.statistics.operating_point import ASK
from components.monitor.detect.contract import Design, load

RNG = np.random.default_rng


def answer(name: str, reference: Observations, window: Observations, groups: int = 0) -> float:
    design = Design(len(window), groups or len(window))
    return load(name).fit(reference, design, rng=RNG(0))(window)


def decided(world: Observations, share: float, *, word: str = "bad") -> Observations:
    """The same pictures, of which the model answers so many otherwise."""
    decisions = np.full(len(world), "good", dtype=object)
    decisions[: round(share * len(world))] = word
    return dataclasses.replace(world, decisions=RNG(0).permutation(decisions))


def test_a_share_among_independent_pictures_is_measured_in_its_binomial_deviation() -> None:
    reference = decided(observe(20, 50), 0.2)
    window = decided(observe(1, 100, first=50), 0.3)
    expected = (0.3 - 0.2) / np.sqrt(0.2 * 0.8 / 100)
    assert answer("answer_shares", reference, window) == pytest.approx(expected, rel=0.01)


def test_a_share_of_groups_is_measured_by_how_groups_differ() -> None:
    world = observe(40, 50)
    # Half of the modules have 10 % defects, the others 50 %: a deviation of 20 points.
    bad = np.concatenate([np.arange(50) < (5 if group % 2 else 25) for group in range(40)])
    reference = dataclasses.replace(world, decisions=np.where(bad, "bad", "good").astype(object))
    window = decided(observe(4, 50, first=60), 0.7)
    found = answer("answer_shares", reference, window, groups=4)
    assert found == pytest.approx((0.7 - 0.3) / (0.2 / np.sqrt(4)), rel=0.1)


def test_pictures_that_the_model_asks_about_are_a_share_too() -> None:
    reference, window = observe(20, 50), observe(2, 50, first=50)
    asks = decided(window, 0.3, word=ASK)
    assert answer("answer_shares", reference, asks) > 10


def test_a_model_that_decides_nothing_is_taken_at_its_most_probable_class() -> None:
    reference, window = observe(20, 50), observe(2, 50, first=50)
    silent = [
        dataclasses.replace(some, decisions=np.full(len(some), "", dtype=object))
        for some in (reference, window)
    ]
    assert answer("answer_shares", *silent) == answer("answer_shares", reference, window)
